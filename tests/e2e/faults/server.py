"""A PostgreSQL server that may be crashed, with templates of an empty source and warehouse."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from meterr_etl.local.lock import only_one
from meterr_etl.local.postgres import EmbeddedPostgres
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.seed.schema import create_source_schema
from meterr_etl.settings import settings
from meterr_etl.warehouse.migrate import migrate
from tests.conftest import PostgresServer
from tests.e2e.faults.process import aside

# A crash of the server loses nothing that the system's cache holds, so commits wait for the log
# as in real life, but nobody waits for a disk.
NO_DISK = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "scram_iterations": "1",
    # Dropping a table looks through all of them, and a history drops a thousand tables.
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}
# Files in memory: a night makes and drops hundreds, which takes a disk's file system longer than
# the night's statements.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2 * 1024**3
TUNING = {
    "METERR_SOURCES__SUPABASE__VOLUME_MIN_RATIO": "0",
    "METERR_SOURCES__SUPABASE__VOLUME_MAX_RATIO": "1000",
    "METERR_SOURCES__SUPABASE__STATEMENT_TIMEOUT_S": "1",
}
# What the marts said of a day when it was published first, written by the server itself at that
# commit: what `marts.restatements` has to account for.
FIRST_PUBLICATION = """
create schema witness;
create table witness.first_costs as
select charge_date, tenant_id, cost_center, effective_cost from marts.usage_by_team_daily;
create function witness.note_first_costs() returns trigger language plpgsql security definer as
$$ begin
    insert into witness.first_costs
    select charge_date, tenant_id, cost_center, effective_cost from marts.usage_by_team_daily
    where charge_date = new.event_date;
    return null;
end $$;
create constraint trigger note_first_costs after insert on ops.published_days
    deferrable initially deferred for each row execute function witness.note_first_costs();
"""


def _folder() -> Path | None:
    is_roomy = MEMORY.exists() and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED
    return MEMORY if is_roomy else None


def _prepare() -> str:
    migrate()
    sync_rates()
    return ""


class FaultServer:
    """One server for many histories, one pair of databases for each."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="meterr-faults-", dir=_folder()))
        self._embedded = EmbeddedPostgres(self._home, NO_DISK)

    def start(self) -> None:
        """Start the server and make the templates."""
        # Two servers that choose a port in the same moment choose the same one.
        with only_one(Path(tempfile.gettempdir()) / "meterr-faults.lock", "A start", wait=True):
            self._embedded.start()
        self.postgres = PostgresServer(self._embedded.admin_url)
        self._make_logins_cheap()
        os.environ.update(TUNING)
        for name in ("warehouse_template", "source_template"):
            self._embedded.ensure_database(name)
        self.announce("warehouse_template", "source_template")
        aside(_prepare)
        with psycopg.connect(self.postgres.url("warehouse_template")) as connection:
            connection.execute(FIRST_PUBLICATION)
        with psycopg.connect(self.postgres.url("source_template")) as connection:
            create_source_schema(connection)
            # The mapping may count on no key (DESIGN §14): ids come twice.
            connection.execute("alter table public.token_usage drop constraint token_usage_pkey")

    def _make_logins_cheap(self) -> None:
        # A night logs in fifty times; proving the password costs more than its statements.
        password = conninfo.conninfo_to_dict(self._embedded.admin_url)["password"]
        self.postgres.execute(
            sql.SQL("alter role postgres password {}").format(sql.Literal(password))
        )

    def stop(self) -> None:
        """Stop the server and remove all that it held."""
        self._embedded.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def crash(self) -> None:
        """End every server process at once and start again: recovery from the log."""
        self._embedded._pg_ctl("stop", "-m", "immediate", "-w", "-t", "60")
        self._embedded.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self.postgres.admin_url):
                return
            time.sleep(0.02)
        raise TimeoutError("the crashed server did not come back within 60 s")

    @contextmanager
    def databases(self) -> Iterator[tuple[str, str]]:
        """Create an empty warehouse and source, announce them; yields both URLs."""
        with (
            self.postgres.database("warehouse", template="warehouse_template") as warehouse,
            self.postgres.database("source", template="source_template") as source,
        ):
            self.announce(warehouse, source)
            yield self.postgres.url(warehouse), self.postgres.url(source)

    def announce(self, warehouse: str, source: str) -> None:
        """Let the pipeline of this process and its children work on these databases."""
        os.environ["METERR_WAREHOUSE_URL"] = self.postgres.url(warehouse)
        os.environ["METERR_SOURCE_URL"] = self.postgres.url(source)
        settings.cache_clear()
