"""Creates the tables of a Supabase project that meters tokens, and a role that only reads them."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql

from meterr_etl.warehouse.connection import Connection

SCHEMA_FILE = Path(__file__).resolve().parent / "source_schema.sql"
READER = "meterr_reader"


def create_source_schema(connection: Connection, *, reader_password: str | None = None) -> None:
    """Create the tables of a Supabase project, with row-level security and a read-only role.

    Does nothing to what exists. With a password, the role meterr_reader may log in with it.
    """
    connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
    if reader_password is not None:
        connection.execute(
            sql.SQL("alter role {} login password {}").format(
                sql.Identifier(READER), sql.Literal(reader_password)
            )
        )
