"""Runs the migrations against METERR_WAREHOUSE_URL, in one transaction that never waits long."""

from alembic import context
from sqlalchemy import create_engine, pool

from meterr_etl.warehouse.connection import sqlalchemy_url
from meterr_etl.warehouse.migrate import LOCK_TIMEOUT


def run_migrations() -> None:
    """Apply what is pending; readers at work make it give up, not queue in front of others."""
    engine = create_engine(sqlalchemy_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
