"""A warehouse whose September is closed, made once and copied for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.billing.closing import close_period
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.seed.schema import create_source_schema
from meterr_etl.settings import settings
from meterr_etl.window import Window
from tests.conftest import PostgresServer
from tests.integration.pipeline.conftest import SourceTables, Warehouse, at

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
LAST_OF_SEPTEMBER = date(2026, 9, 30)
LATER = datetime(2026, 12, 15, tzinfo=UTC)
# 1000 tokens of gpt-4o's input and no output.
COST = Decimal("0.0025")
INPUT_ALONE: dict[str, object] = {"input_tokens": 1000, "output_tokens": 0}

Night = Callable[[date], str]


def run_night(day: date) -> str:
    """Run the nightly window of a day through every step."""
    return pipeline.run_window("supabase", Window.of_day(day), trigger="test")


def run_october(first: int = 2) -> None:
    """Run one window from a day of October to its end."""
    window = Window(at(date(2026, 10, first), 0), at(NOVEMBER, 0))
    pipeline.run_window("supabase", window, trigger="test")


@pytest.fixture(scope="module")
def templates(postgres: PostgresServer, migrated_template: str) -> Iterator[tuple[str, str, str]]:
    """Databases to copy: a source, its warehouse before the close, and behind it."""
    with (
        postgres.database("billing_source") as source,
        postgres.database("billing_open", template=migrated_template) as opened,
        pytest.MonkeyPatch.context() as patch,
    ):
        _announce(patch, postgres, source, opened)
        with psycopg.connect(postgres.url(source)) as connection:
            create_source_schema(connection)
        sync_rates()
        tables = SourceTables(postgres.url(source))
        tables.add_acme()
        tables.add_event(LAST_OF_SEPTEMBER, **INPUT_ALONE)
        run_night(LAST_OF_SEPTEMBER)
        _end_sessions(postgres, source, opened)
        with postgres.database("billing_closed", template=opened) as closed:
            _announce(patch, postgres, source, closed)
            close_period(SEPTEMBER, LATER)
            _end_sessions(postgres, closed)
            yield source, opened, closed
    settings.cache_clear()


@pytest.fixture
def source(
    postgres: PostgresServer, templates: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SourceTables]:
    """The source with one event of September's last day."""
    with postgres.database("billing_source", template=templates[0]) as name:
        monkeypatch.setenv("METERR_SOURCE_URL", postgres.url(name))
        settings.cache_clear()
        tables = SourceTables(postgres.url(name))
        next(tables._serial)
        yield tables
    settings.cache_clear()


@pytest.fixture
def unbilled(
    postgres: PostgresServer, templates: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """The warehouse with the night of September's last day, and no period closed."""
    yield from _copied(postgres, templates[1], monkeypatch)


@pytest.fixture
def september(
    postgres: PostgresServer, templates: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """The same with September closed: one event is billed."""
    yield from _copied(postgres, templates[2], monkeypatch)


def _copied(
    postgres: PostgresServer, template: str, patch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    with postgres.database("billing", template=template) as name:
        patch.setenv("METERR_WAREHOUSE_URL", postgres.url(name))
        settings.cache_clear()
        yield Warehouse(postgres.url(name))
    settings.cache_clear()


def _end_sessions(postgres: PostgresServer, *names: str) -> None:
    # dbt keeps its last session open; a database in use can't be copied.
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)",
            (list(names),),
        )


def _announce(
    patch: pytest.MonkeyPatch, postgres: PostgresServer, source: str, warehouse: str
) -> None:
    patch.setenv("METERR_SOURCE_URL", postgres.url(source))
    patch.setenv("METERR_WAREHOUSE_URL", postgres.url(warehouse))
    settings.cache_clear()
