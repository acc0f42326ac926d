"""A canonical source and a warehouse whose nights price what a test puts into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from meterr_etl import pipeline
from meterr_etl.ledger.changes import open_change
from meterr_etl.pricing.rate import Rate
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.settings import settings
from meterr_etl.sources.registry import SOURCES_FOLDER
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

RATE_COLUMNS = (
    "rate_id", "catalogue", "catalogue_version", "provider_id", "model_id", "token_type",
    "processing_mode", "service_tier", "context_above_tokens", "time_of_day_from", "valid_from",
    "valid_to", "unit_price", "currency",
)  # fmt: skip


@dataclass
class Meter:
    """Writes usage into a source's table, runs nights over it, asks the warehouse."""

    source_url: str
    warehouse_url: str

    def create_table(self, source: str) -> None:
        """Create the table of a source as its folder says."""
        self.execute((SOURCES_FOLDER / source / "table.sql").read_text(encoding="utf-8"))

    def execute(self, query: str) -> None:
        """Run statements in the source's database."""
        with psycopg.connect(self.source_url) as connection:
            connection.execute(query)  # type: ignore[call-overload]

    def as_text(self, table: str) -> None:
        """Make every column of a source's table text, as a careless copy has them."""
        self.execute(
            "do $$ declare c record; begin for c in select attname from pg_attribute"
            f" where attrelid = 'public.{table}'::regclass and attnum > 0 loop"
            f" execute format('alter table public.{table} alter %I type text', c.attname);"
            " end loop; end $$"
        )

    def load(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Copy rows of equal columns into the source; returns how many."""
        listed = list(rows)
        names = sorted({name for row in listed for name in row})
        copy = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier("public", table), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with (
            psycopg.connect(self.source_url) as connection,
            connection.cursor() as cursor,
            cursor.copy(copy) as sink,
        ):
            for row in listed:
                sink.write_row([_cell(row.get(name)) for name in names])
        return len(listed)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Ask the warehouse as its superuser."""
        with psycopg.connect(self.warehouse_url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]

    def value(self, query: str) -> object:
        """Ask the warehouse for one value."""
        return self.rows(query)[0][0]

    def run(self, source: str, day: date, days: int = 1) -> str:
        """Run the window of some days through every step; returns the run's id."""
        window = Window(Window.of_day(day).start, Window.of_day(day).end)
        assert days == 1
        return pipeline.run_window(source, window, trigger="test")


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, default=lambda x: float(x) if isinstance(x, Decimal) else str(x))
    return value


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No limit on what is unpriced."""
    for name in ("CANONICAL", "OPENAI_USAGE", "ANTHROPIC_USAGE", "SUPABASE"):
        monkeypatch.setenv(f"METERR_SOURCES__{name}__UNPRICED_MAX_SHARE", "1")
    settings.cache_clear()
    return monkeypatch


@pytest.fixture
def meter(source_db: str, warehouse_db: str, lenient: pytest.MonkeyPatch) -> Meter:
    """An empty source, a migrated warehouse, and no limit on what is unpriced or dead."""
    return Meter(source_db, warehouse_db)


def with_rates(_: Pair) -> None:
    """Bring the catalogue's rates in force."""
    sync_rates()


@pytest.fixture
def catalogue(prepared: Prepared, lenient: pytest.MonkeyPatch) -> Iterator[Meter]:
    """A meter like that, and the catalogue's rates in force."""
    with prepared.copied(with_rates, lenient) as pair:
        yield Meter(pair.source, pair.warehouse)


@pytest.fixture
def plant_rates(meter: Meter) -> Callable[[Iterable[Rate]], int]:
    """Append rates to the rate book as a sync would, with an alias of the same name for each."""

    def plant(rates: Iterable[Rate]) -> int:
        listed = list(rates)
        names = sql.SQL(", ").join(map(sql.Identifier, (*RATE_COLUMNS, "reference_version")))
        with warehouse("meterr_loader") as connection:
            version = open_change(connection, "rates", {"catalogue": "by hand"})
            copy = sql.SQL("copy reference.rates ({}) from stdin").format(names)
            with connection.cursor() as cursor, cursor.copy(copy) as sink:
                for rate in listed:
                    sink.write_row([*(getattr(rate, name) for name in RATE_COLUMNS), version])
            with connection.cursor() as cursor:
                cursor.executemany(
                    "insert into reference.model_aliases (provider, model, provider_id, model_id,"
                    " reason, reference_version) values (%s, %s, %s, %s, 'a test', %s)",
                    [
                        (provider, model, provider, model, version)
                        for provider, model in {(r.provider_id, r.model_id) for r in listed}
                    ],
                )
        return version

    return plant
