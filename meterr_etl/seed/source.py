"""Makes a Supabase-shaped source and fills it with deterministic events, set by set in SQL."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from psycopg import sql
from pydantic import SecretStr

from meterr_etl.errors import InputError
from meterr_etl.seed.mix import (
    FEATURES,
    HOURS,
    MODELS,
    PROJECTS,
    TEAMS,
    TENANTS,
    Model,
    cut_points,
    events_of_days,
    zipf_weights,
)
from meterr_etl.seed.schema import create_source_schema
from meterr_etl.warehouse.connection import Connection, database

logger = logging.getLogger(__name__)

SQL_FOLDER = Path(__file__).resolve().parent
# The day that bears the single ten-megabyte row: the third, so that a short seed has none.
OVERSIZED_DAY = 2
EVENTS_PER_DAY_LIMIT = 9_999_999


@dataclass(frozen=True)
class SeedReport:
    """What a seeding added: rows by kind, and the days (both included) that they arrived on.

    `poison_rows` break the contract; `late_rows` counts what stands in these days, added or not,
    that arrived on a later UTC day than it happened.
    """

    first_day: date
    last_day: date
    event_rows: int
    poison_rows: int
    late_rows: int
    tenants: int


def seed_source(
    url: str,
    *,
    first_day: date,
    days: int = 7,
    events_per_day: int = 30_000,
    seed: int = 7,
    with_poison: bool = True,
) -> SeedReport:
    """Fill a source with events that arrived on the given UTC days, and with their owners.

    Equal arguments give equal rows, and rows that stand are left alone, so seeding again adds
    nothing. The mean of events per day is exact over all days; weekends get fewer.

    Raises:
        InputError: days or events_per_day is out of range.
        WarehouseUnavailableError: the server can't be reached or refused the login.
    """
    _require_range("days", days, 366)
    _require_range("events_per_day", events_per_day, EVENTS_PER_DAY_LIMIT)
    dates = [first_day + timedelta(days=offset) for offset in range(days)]
    counts = events_of_days(dates, events_per_day)
    events = poison = 0
    with database(SecretStr(url), "source to seed") as connection:
        create_source_schema(connection)
        _create_owners(connection, first_day, seed)
        for number, (day, count) in enumerate(zip(dates, counts, strict=True)):
            events += _insert_events(connection, day, count, _midnight(dates[-1], days=1), seed)
            if with_poison:
                poison += _insert_poison(
                    connection, day, seed, with_oversized=number == OVERSIZED_DAY
                )
            logger.info("seed: %s has %s events", day, count)
        late = _count_late(connection, dates)
        connection.execute("analyze public.token_usage")
    return SeedReport(first_day, dates[-1], events, poison, late, len(TENANTS))


def _create_owners(connection: Connection, first_day: date, seed: int) -> None:
    parameters = {
        "seed": seed,
        "tenants": list(TENANTS),
        "teams": list(TEAMS),
        "projects": list(PROJECTS),
        "known_since": _midnight(first_day, days=-90),
    }
    for statement in _statements("owners.sql").split(";\n"):
        if statement.strip():
            connection.execute(statement, parameters if "%(" in statement else None)
    placeholders = sql.SQL(", ").join([sql.Placeholder()] * len(_model_row(1, MODELS[0])))
    insert = sql.SQL("insert into seed_models values ({})").format(placeholders)
    with connection.cursor() as cursor:
        cursor.executemany(insert, [_model_row(no, m) for no, m in enumerate(MODELS, start=1)])
    for table in ("seed_tenants", "seed_keys", "seed_users", "seed_models", "seed_tags"):
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))


def _model_row(number: int, model: Model) -> tuple[object, ...]:
    return (
        number, model.provider, model.name, model.prompt, model.answer, *model.prices,
        model.reasons, model.batches, model.hears, model.tier,
    )  # fmt: skip


def _insert_events(connection: Connection, day: date, count: int, end: datetime, seed: int) -> int:
    parameters = {
        "seed": seed,
        "day": day,
        "events": count,
        "end": end,
        "tenant_cuts": cut_points(zipf_weights(len(TENANTS))),
        "hour_cuts": cut_points(HOURS),
        "model_cuts": cut_points([model.weight for model in MODELS]),
        "features": list(FEATURES),
    }
    return connection.execute(_statements("events.sql"), parameters).rowcount


def _insert_poison(connection: Connection, day: date, seed: int, *, with_oversized: bool) -> int:
    parameters = {"seed": seed, "day": day, "with_oversized": with_oversized}
    return connection.execute(_statements("poison.sql"), parameters).rowcount


def _count_late(connection: Connection, dates: list[date]) -> int:
    row = connection.execute(
        "select count(*) from public.token_usage"
        " where updated_at >= %s and updated_at < %s and created_at >= %s"
        " and date_trunc('day', updated_at, 'UTC') > created_at",
        (_midnight(dates[0]), _midnight(dates[-1], days=1), _midnight(dates[0])),
    ).fetchone()
    return int(str(row[0])) if row else 0


def _midnight(day: date, *, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), tzinfo=UTC)


def _statements(file: str) -> str:
    return (SQL_FOLDER / file).read_text(encoding="utf-8")


def _require_range(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise InputError(f"{name} is {value}.", remedy=f"Give a number from 1 to {most}.")
