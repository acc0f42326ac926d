"""A source laid out as DESIGN §14 and a night of the whole pipeline over it, without Airflow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from meterr_etl import pipeline
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.seed.schema import create_source_schema
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

DAY = date(2026, 11, 10)
NAMESPACE = UUID("6f9b3a52-0000-4000-8000-000000000000")


def an_id(name: str) -> UUID:
    """Return the id that stands for a name in these tests."""
    return uuid5(NAMESPACE, name)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a UTC day."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@dataclass
class SourceTables:
    """Writes rows into the source as its applications would."""

    url: str
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, table: str, **row: object) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(
                sql.SQL("insert into public.{} ({}) values ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() for _ in row),
                ),
                [Jsonb(value) if isinstance(value, dict) else value for value in row.values()],
            )

    def add_event(self, day: date = DAY, hour: int = 12, **changes: object) -> UUID:
        moment = changes.pop("created_at", at(day, hour))
        row: dict[str, object] = {
            "id": an_id(f"event {next(self._serial)}"),
            "organization_id": an_id("acme"),
            "project_id": an_id("search"),
            "provider": "openai",
            "model": "gpt-4o",
            "input_tokens": 1000,
            "output_tokens": 100,
            "is_batch": False,
            "status": "success",
            "environment": "production",
            "feature": "chat",
            "created_at": moment,
            "updated_at": moment,
            **changes,
        }
        self.add("token_usage", **row)
        return UUID(str(row["id"]))

    def add_acme(self) -> None:
        """Add one organization with a team and its project."""
        then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
        acme, platform = an_id("acme"), an_id("platform")
        self.add("organizations", id=acme, name="Acme", billing_currency="USD", **then)
        self.add(
            "teams", id=platform, organization_id=acme, name="Platform", cost_center="CC-1", **then
        )
        self.add(
            "projects",
            id=an_id("search"),
            organization_id=acme,
            team_id=platform,
            name="Search",
            **then,
        )

    def add_two_teams(self) -> None:
        """Add one organization with the teams Core and Ops, and a project of each."""
        then = {"created_at": at(DAY, 0), "updated_at": at(DAY, 0)}
        organization = {"organization_id": an_id("acme")}
        self.add("organizations", id=an_id("acme"), name="Acme", billing_currency="USD", **then)
        for team, center in (("Core", "CC-1"), ("Ops", "CC-2")):
            self.add("teams", id=an_id(team), name=team, cost_center=center, **organization, **then)
            owned = {"name": team, "team_id": an_id(team)}
            self.add("projects", id=an_id(f"{team}'s"), **owned, **organization, **then)

    def execute(self, query: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(query)  # type: ignore[call-overload]


@dataclass
class Warehouse:
    """Asks the warehouse as its superuser."""

    url: str

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]

    def value(self, query: str) -> object:
        return self.rows(query)[0][0]

    def change(self, statement: str) -> None:
        """Plant a fault, or what stands in for an operator."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def digest(self) -> dict[str, str]:
        """Return a digest of the sorted rows of every published mart and of the events."""
        tables = [str(row[0]) for row in self.rows("select name from ops.published_marts")]
        queries = {name: f"select t::text from marts.{name} as t" for name in tables}
        queries["events"] = (
            "select (to_jsonb(e) - 'run_no')::text from staging.published_events as e"
        )
        return {
            name: str(
                self.value(
                    "select count(*) || ' ' || coalesce(md5(string_agg(r, chr(10)"
                    f" order by r collate \"C\")), '') from ({query}) as q (r)"
                )
            )
            for name, query in queries.items()
        }


def with_rates(pair: Pair) -> None:
    """Create the source's tables, and let the warehouse know the catalogue's rates."""
    with psycopg.connect(pair.source) as connection:
        create_source_schema(connection)
    sync_rates()


@pytest.fixture
def pair(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A source without rows, and a warehouse without nights."""
    with prepared.copied(with_rates, monkeypatch) as copies:
        yield copies


@pytest.fixture
def source(pair: Pair) -> SourceTables:
    """An empty source with the tables of DESIGN §14."""
    return SourceTables(pair.source)


@pytest.fixture
def warehouse(pair: Pair) -> Warehouse:
    """A migrated warehouse that knows the catalogue's rates."""
    return Warehouse(pair.warehouse)


@pytest.fixture
def night(warehouse: Warehouse) -> Callable[..., str]:
    """Run the nightly window of a day through every step; returns the run's id."""

    def run(day: date = DAY) -> str:
        return pipeline.run_window("supabase", Window.of_day(day), trigger="test")

    return run


def next_day(day: date = DAY, days: int = 1) -> date:
    """Return the day some days later."""
    return day + timedelta(days=days)
