"""The benchmark's own server, with a seeded source and a migrated warehouse."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from meterr_etl.local.postgres import EmbeddedPostgres
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.seed import seed_source
from meterr_etl.settings import settings
from meterr_etl.warehouse.migrate import migrate

# A Saturday; fixed, so that two runs of the benchmark measure the same rows.
DAY = date(2026, 11, 14)
SOURCE, WAREHOUSE = "bench_source", "bench_warehouse"
ADMIN_VARIABLE = "BENCH_ADMIN_URL"


@dataclass(frozen=True)
class Bench:
    """A running server with both databases filled; its URLs are announced to the pipeline."""

    server: EmbeddedPostgres
    source_url: str
    warehouse_url: str
    events: int
    poison_rows: int

    def ask(self, query: str, *, dbname: str = WAREHOUSE) -> list[tuple[object, ...]]:
        """Return all rows of one query, run as the superuser."""
        with psycopg.connect(self.server.url(dbname), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def number(self, query: str, *, dbname: str = WAREHOUSE) -> float:
        """Return the single number that a query answers with."""
        return float(str(self.ask(query, dbname=dbname)[0][0]))


@contextmanager
def prepared_bench(events: int, *, with_poison: bool = True) -> Iterator[Bench]:
    """Start a server of our own with one day of that many events; gone without trace afterwards."""
    home = Path(tempfile.mkdtemp(prefix="meterr-bench-"))
    server = EmbeddedPostgres(home)
    try:
        server.start()
        source, warehouse = server.ensure_database(SOURCE), server.ensure_database(WAREHOUSE)
        os.environ.update(
            METERR_HOME=str(home),
            METERR_SOURCE_URL=source,
            METERR_WAREHOUSE_URL=warehouse,
            **{ADMIN_VARIABLE: server.admin_url},
        )
        settings.cache_clear()
        migrate()
        sync_rates()
        seeded = seed_source(
            source, first_day=DAY, days=1, events_per_day=events, with_poison=with_poison
        )
        bench = Bench(server, source, warehouse, seeded.event_rows, seeded.poison_rows)
        _settle(bench)
        yield bench
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _settle(bench: Bench) -> None:
    # Hint bits and the write-ahead log of the seeding are not what is measured.
    with psycopg.connect(bench.source_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
