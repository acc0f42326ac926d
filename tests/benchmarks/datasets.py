"""The benchmark's own server: seeded sources, and warehouses that all start from the same state."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql

from meterr_etl.local.postgres import EmbeddedPostgres
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.seed import seed_source
from meterr_etl.settings import environment, settings
from meterr_etl.warehouse.migrate import migrate

# A Saturday; fixed, so that two runs of the benchmark measure the same rows.
DAY = date(2026, 11, 14)
MIGRATED = "bench_migrated"
ADMIN_VARIABLE = "BENCH_ADMIN_URL"
# A night of a million events beside days of two thousand is what growth is about, not a fault.
GATES = {
    "METERR_SOURCES__SUPABASE__VOLUME_MIN_RATIO": "0",
    "METERR_SOURCES__SUPABASE__VOLUME_MAX_RATIO": "1000000",
}


@dataclass(frozen=True)
class Database:
    """One database of the benchmark's server; everything here is done as the superuser."""

    name: str
    url: str

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of one query."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def number(self, query: str, *values: object) -> float:
        """Return the single number that a query answers with."""
        return float(str(self.rows(query, *values)[0][0]))

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]


@dataclass
class Bench:
    """A running server; groups ask it for sources and warehouses, which go with it."""

    server: EmbeddedPostgres
    is_warm: bool = False
    _sources: dict[str, Database] = field(default_factory=dict)

    def database(self, name: str) -> Database:
        """Return a database, created empty unless it exists."""
        return Database(name, self.server.ensure_database(name))

    def source(self, events: int, *, day: date = DAY, days: int = 1) -> Database:
        """Return a source with so many clean events per day, seeded once for all groups."""
        name = f"source_{events}_{day:%m%d}_{days}"
        if name not in self._sources:
            say(f"seeding {events:,} events of {day}" + (f" and {days - 1} more" * (days > 1)))
            source = self.database(name)
            seed_source(
                source.url, first_day=day, days=days, events_per_day=events, with_poison=False
            )
            self.settle(source)
            self._sources[name] = source
        return self._sources[name]

    @contextmanager
    def warehouse(
        self, source: Database, *, template: str | None = None, name: str = "bench_warehouse"
    ) -> Iterator[Database]:
        """Yield a copy of a template, by default an empty migrated warehouse, and drop it after.

        The pipeline, in this process and in its children, reads `source` and writes there.
        """
        warehouse = self.copy(template or self.migrated(), name)
        with pointed_at(source, warehouse):
            yield warehouse
        self.drop(warehouse)

    def migrated(self) -> str:
        """Return the name of a migrated warehouse with rates and without events, made once."""
        if not self.exists(MIGRATED):
            self.database(MIGRATED)
            with environment(METERR_WAREHOUSE_URL=self.server.url(MIGRATED)):
                settings.cache_clear()
                migrate()
                sync_rates()
            settings.cache_clear()
            self.settle(self.database(MIGRATED))
        return MIGRATED

    def copy(self, template: str, name: str) -> Database:
        """Create a database, anew if it exists, as a copy of a template that nobody is using."""
        self._admin(f'drop database if exists "{name}" with (force)')
        self._admin(f'create database "{name}" template "{template}" strategy file_copy')
        copy = Database(name, self.server.url(name))
        self._copy_grants(template, name)
        copy.execute("checkpoint")
        return copy

    def drop(self, database: Database) -> None:
        """Drop a database with all who are still connected."""
        self._admin(f'drop database if exists "{database.name}" with (force)')
        self._sources.pop(database.name, None)

    def settle(self, database: Database) -> None:
        """Let hint bits, statistics and dirty pages be none of what is measured next."""
        database.execute("vacuum analyze", "checkpoint")

    def _copy_grants(self, template: str, name: str) -> None:
        # A copy has everything but the grants on the database itself.
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            for grantee, privilege in connection.execute(
                "select a.grantee::regrole::text, a.privilege_type"
                " from pg_database as d, aclexplode(d.datacl) as a"
                " where d.datname = %s and a.grantee <> 0 and a.grantee <> d.datdba",
                [template],
            ).fetchall():
                connection.execute(
                    sql.SQL(f"grant {privilege} on database {{}} to {{}}").format(
                        sql.Identifier(name), sql.Identifier(grantee)
                    )
                )

    def exists(self, name: str) -> bool:
        """Whether the server has such a database."""
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            query = "select from pg_database where datname = %s"
            return connection.execute(query, (name,)).fetchone() is not None

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]


@contextmanager
def running_bench() -> Iterator[Bench]:
    """Start a server of our own; it is gone without trace afterwards."""
    home = Path(tempfile.mkdtemp(prefix="meterr-bench-"))
    server = EmbeddedPostgres(home)
    try:
        server.start()
        os.environ.update(GATES, METERR_HOME=str(home), **{ADMIN_VARIABLE: server.admin_url})
        settings.cache_clear()
        yield Bench(server)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def pointed_at(source: Database, warehouse: Database) -> Iterator[None]:
    """Let the pipeline read that source and write to that warehouse."""
    with environment(METERR_SOURCE_URL=source.url, METERR_WAREHOUSE_URL=warehouse.url):
        settings.cache_clear()
        yield
    settings.cache_clear()


def say(text: str) -> None:
    """Tell progress on stderr."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
