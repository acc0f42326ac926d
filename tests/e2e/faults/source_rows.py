"""What applications do to a source between the nights: every change is drawn from one seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from tests.e2e.faults import sessions

NAMESPACE = UUID("6f9b3a52-0000-4000-8000-000000000000")
FIRST_DAY = date(2026, 11, 10)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = (("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-haiku-4-5"))
TENANTS = {"acme": ("search", "chat"), "globex": ("robots",)}
LOOKBACK = timedelta(hours=2)
COLUMNS = (
    "id", "organization_id", "project_id", "provider", "model", "input_tokens",
    "output_tokens", "cache_read_tokens", "reasoning_tokens", "created_at", "updated_at",
)  # fmt: skip
Row = dict[str, object]


def an_id(name: str) -> UUID:
    """Return the id that stands for a name."""
    return uuid5(NAMESPACE, name)


class SourceRows:
    """Writes one history's rows; `days` are its windows, the last of them included."""

    def __init__(self, url: str, rng: Random, days: list[date]) -> None:
        self._url, self._rng, self._days = url, rng, days
        self._serial = itertools.count(1)
        self._clock = itertools.count(1)
        with sessions.connect(url) as connection:
            for tenant, projects in TENANTS.items():
                _add_owner(connection, tenant, projects)

    def add_events(self, day: date, count: int) -> None:
        """Add events that happen and arrive on a day; a few arrive later than they happened."""
        for _ in range(count):
            arrived = self._moment(day)
            happened = arrived
            if self._rng.random() < 0.2:
                happened = self._earlier(arrived)
            self._insert(self._event(happened, arrived))

    def change(self, day: date) -> str:
        """Do one random thing whose trace arrives on a day; returns what."""
        deeds = {
            "insert": 3, "update": 4, "move": 3, "append": 2, "repeat": 2, "dead revision": 1,
            "dead": 1, "unpriced": 1,
        }  # fmt: skip
        deed = self._rng.choices(list(deeds), weights=list(deeds.values()))[0]
        arrived = self._moment(day)
        known = self._row_before(arrived)
        if deed == "insert" or known is None:
            self.add_events(day, 1)
        elif deed in ("update", "move"):
            self._update(known, arrived, moves=deed == "move")
        elif deed == "repeat":
            self._insert(known)
        elif deed == "unpriced":
            tiny = {"input_tokens": 1, "output_tokens": 1, "cache_read_tokens": None}
            event = {**self._event(arrived, arrived), "model": "mystery-9", **tiny}
            self._insert({**event, "reasoning_tokens": None})
        else:
            self._append(known, arrived, deed)
        return deed

    @contextmanager
    def late_commit(self, day: date) -> Iterator[None]:
        """Hold a transaction open that inserts a row of a day's last hours, and commit at last."""
        end = datetime.combine(day + timedelta(days=1), time(), UTC)
        moment = end - timedelta(seconds=self._rng.randrange(1, 2 * 3600))
        # A crash of the server ends the transaction too: then the row was never there.
        with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
            _write(connection, self._event(moment, moment))
            yield

    def break_one(self, day: date) -> tuple[object, object]:
        """Give an event of a window a model that nobody can price, and tokens beyond measure."""
        arrived = self._moment(day)
        event = {**self._event(arrived, arrived), "model": "mystery-9", "output_tokens": 10**7}
        self._insert(event)
        return event["id"], arrived

    def mend(self, broken: tuple[object, object]) -> None:
        """Undo `break_one`."""
        self.execute(
            "update public.token_usage set provider = 'openai', model = 'gpt-4o'"
            " where id = %s and updated_at = %s",
            *broken,
        )

    def move_cost_center(self, team: str, cost_center: str) -> None:
        """Give a team another cost center, since before the first event."""
        self.execute(
            "update public.teams set cost_center = %s, updated_at = %s where id = %s",
            cost_center,
            LONG_AGO + timedelta(days=1),
            an_id(team),
        )

    def execute(self, query: str, *values: object) -> None:
        """Do what an application or a person would."""
        with sessions.connect(self._url) as connection:
            connection.execute(query, values or None)  # type: ignore[call-overload]

    def _event(self, happened: datetime, arrived: datetime) -> Row:
        tenant = self._rng.choice(list(TENANTS))
        provider, model = self._rng.choice(MODELS)
        given = self._rng.randrange(1, 5000)
        made = self._rng.randrange(0, 500)
        # An integer or "not reported"; within the input for OpenAI, beside it for Anthropic.
        cached = self._rng.choice([None, 0, self._rng.randrange(0, given)])
        return {
            "id": an_id(f"event {next(self._serial)}"),
            "organization_id": an_id(tenant),
            "project_id": self._rng.choice([*map(an_id, TENANTS[tenant]), None]),
            "provider": provider,
            "model": model,
            "input_tokens": given,
            "output_tokens": made,
            "cache_read_tokens": cached,
            "reasoning_tokens": self._rng.choice([None, self._rng.randrange(0, made + 1)]),
            "created_at": happened,
            "updated_at": arrived,
        }

    def _update(self, row: Row, arrived: datetime, *, moves: bool) -> None:
        happened = self._earlier(arrived) if moves else row["created_at"]
        assert isinstance(happened, datetime)
        self.execute(
            "update public.token_usage set input_tokens = %s, cache_read_tokens = null,"
            " created_at = %s, updated_at = %s where id = %s and updated_at = %s",
            self._rng.randrange(1, 9000),
            min(happened, arrived - timedelta(seconds=1)),
            arrived,
            row["id"],
            row["updated_at"],
        )

    def _append(self, row: Row, arrived: datetime, deed: str) -> None:
        happened = row["created_at"]
        assert isinstance(happened, datetime)
        revised = {
            **row,
            "created_at": min(happened, arrived - timedelta(seconds=1)),
            "updated_at": arrived,
            "input_tokens": self._rng.randrange(1, 9000),
            "cache_read_tokens": None,
        }
        if deed.startswith("dead"):
            revised["output_tokens"] = -1
        if deed == "dead":
            revised["id"] = an_id(f"event {next(self._serial)}")
        self._insert(revised)

    def _row_before(self, moment: datetime) -> Row | None:
        # A revision comes after what it revises; which revision of the id that is, is chance.
        with sessions.connect(self._url) as connection:
            rows = connection.execute(
                sql.SQL(
                    "select {} from public.token_usage where output_tokens >= 0"
                    " and updated_at < %s and model <> 'mystery-9' order by updated_at, id"
                ).format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS))),
                (moment,),
            ).fetchall()
        return dict(zip(COLUMNS, self._rng.choice(rows), strict=True)) if rows else None

    def _moment(self, day: date) -> datetime:
        # No two rows bear one moment, so that the greatest revision is always one row; some lie
        # at a window's very edges.
        start = datetime.combine(day, time(), UTC)
        seconds = self._rng.choice([0, 86_399, *[self._rng.randrange(86_400) for _ in range(6)]])
        return start + timedelta(seconds=seconds, microseconds=next(self._clock))

    def _earlier(self, moment: datetime) -> datetime:
        day = self._rng.choice([d for d in self._days if d <= moment.date()])
        return min(self._moment(day), moment - timedelta(seconds=1))

    def _insert(self, row: Row) -> None:
        with sessions.connect(self._url) as connection:
            _write(connection, row)


def _write(connection: psycopg.Connection, row: Row) -> None:
    connection.execute(
        sql.SQL("insert into public.token_usage ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() for _ in row),
        ),
        list(row.values()),
    )


def _add_owner(connection: psycopg.Connection, tenant: str, projects: tuple[str, ...]) -> None:
    organization = an_id(tenant)
    connection.execute(
        "insert into public.organizations (id, name, billing_currency, created_at, updated_at)"
        " values (%s, %s, 'USD', %s, %s)",
        (organization, tenant, LONG_AGO, LONG_AGO),
    )
    for project in projects:
        team = an_id(f"team of {project}")
        connection.execute(
            "insert into public.teams (id, organization_id, name, cost_center, created_at,"
            " updated_at) values (%s, %s, %s, %s, %s, %s)",
            (team, organization, project, f"CC-{project}", LONG_AGO, LONG_AGO),
        )
        connection.execute(
            "insert into public.projects (id, organization_id, team_id, name, created_at,"
            " updated_at) values (%s, %s, %s, %s, %s, %s)",
            (an_id(project), organization, team, project, LONG_AGO, LONG_AGO),
        )
