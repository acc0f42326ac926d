"""The demo's servers: PostgreSQL with source, warehouse and Airflow's database, and Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from psycopg import sql
from pydantic import SecretStr

from meterr_etl.errors import InputError
from meterr_etl.local.airflow import LocalAirflow, Progress
from meterr_etl.local.connections import ANALYST, SOURCE, WAREHOUSE, adopt, remember
from meterr_etl.local.paths import state_home
from meterr_etl.local.postgres import EmbeddedPostgres
from meterr_etl.settings import settings
from meterr_etl.warehouse.connection import database, warehouse

# Who owns which database, and who may only read: nothing here runs as the server's superuser.
SOURCE_OWNER, SOURCE_READER = "source_owner", "meterr_reader"
WAREHOUSE_OWNER, ANALYST_LOGIN = "meterr", "analyst"
AIRFLOW_OWNER = "airflow"


class DemoServers:
    """What `demo`, `up` and `down` start and stop, all of it in one state folder."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or state_home()
        self.postgres = EmbeddedPostgres(self.home)
        self.airflow = LocalAirflow(self.home)

    @property
    def lock(self) -> Path:
        """The lock file of whoever is changing what runs here."""
        return self.home / "demo.lock"

    def start_postgres(self) -> Mapping[str, str]:
        """Start PostgreSQL, make its databases and logins, and let this process use them.

        Returns:
            METERR_WAREHOUSE_URL, METERR_SOURCE_URL and METERR_ANALYST_URL.

        Raises:
            InputError: the settings name a warehouse of one's own; it is left alone.
        """
        self.postgres.start()
        for role in (WAREHOUSE_OWNER, SOURCE_OWNER):
            self.postgres.ensure_role(role, options="createrole")
        for role in (SOURCE_READER, ANALYST_LOGIN, AIRFLOW_OWNER):
            self.postgres.ensure_role(role)
        owners = {"source": SOURCE_OWNER, "warehouse": WAREHOUSE_OWNER, "airflow": AIRFLOW_OWNER}
        for name, owner in owners.items():
            self.postgres.ensure_database(name, owner)
        urls = {
            WAREHOUSE: self.postgres.url("warehouse", WAREHOUSE_OWNER),
            SOURCE: self.postgres.url("source", SOURCE_READER),
            ANALYST: self.postgres.url("warehouse", ANALYST_LOGIN),
        }
        remember(self.home, urls)
        adopt()
        self._require_own(urls)
        return urls

    def prepare_warehouse(self) -> None:
        """Migrate the warehouse, load the price catalogue, and let the analyst read all tenants."""
        from meterr_etl.pricing.sync import sync_rates  # noqa: PLC0415 - seconds; `down` needs none
        from meterr_etl.warehouse.migrate import migrate  # noqa: PLC0415

        migrate()
        sync_rates()
        member = sql.SQL("grant meterr_analyst to {}").format(sql.Identifier(ANALYST_LOGIN))
        with warehouse() as connection:
            connection.execute(member)
        with warehouse("meterr_loader") as connection:
            connection.execute(
                "insert into ops.reader_tenants (reader, tenant_id) values (%s, '*')"
                " on conflict do nothing",
                (ANALYST_LOGIN,),
            )

    def start_airflow(self, urls: Mapping[str, str], progress: Progress) -> None:
        """Start Airflow with the warehouse and the source as its tasks' settings."""
        self.airflow.start(
            self.postgres.url("airflow", AIRFLOW_OWNER),
            {**urls, "METERR_HOME": str(self.home)},
            progress=progress,
        )

    @property
    def source_owner_url(self) -> str:
        """The source as the login that may write to it."""
        return self.postgres.url("source", SOURCE_OWNER)

    def has_published(self) -> bool:
        """Whether any day is published in the demo's warehouse."""
        url = SecretStr(self.postgres.url("warehouse", WAREHOUSE_OWNER))
        with database(url, "demo's warehouse") as connection:
            row = connection.execute("select exists (select from ops.published_days)").fetchone()
        return bool(row and row[0])

    def stop(self) -> list[str]:
        """Stop what runs, Airflow first; returns the names of what was stopped."""
        stopped = ["Airflow"] if self.airflow.stop() else []
        if self.postgres.is_running():
            self.postgres.stop()
            stopped.append("PostgreSQL")
        return stopped

    def _require_own(self, urls: Mapping[str, str]) -> None:
        chosen = settings()
        for name, value in ((WAREHOUSE, chosen.warehouse_url), (SOURCE, chosen.source_url)):
            if value is None or value.get_secret_value() != urls[name]:
                raise InputError(
                    f"{name} names a database that is not the demo's own; it was left alone.",
                    remedy=f"Unset {name} (or its line in meterr.toml) for the demo.",
                )
