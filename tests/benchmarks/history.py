"""A history of thirty million events, written set-based into the published tables.

Generated are one week of calls (keys, models, features, hours and tokens drawn from a fixed seed)
and its roll-ups; each day of the history is the roll-up of its weekday under the day's date, in
the very tables, indexes and row order that nightly publishes leave: the daily and monthly marts,
`ops.published_days`, `ops.windows`, and a partition per day of whatever is cut by day. Only the
last `detailed_days` have events in staging and so a drill-down, the last `cube_days` price lines:
both are cut by day, so that what a reader asks of a day costs the same however many there are. The
cube of owners stays empty, since no question is asked of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from psycopg import sql

from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import (
    PublishedMart,
    derived_months,
    ensure_day_partitions,
    published_marts,
)
from meterr_etl.warehouse.names import mart_table
from meterr_etl.warehouse.statements import column_list

FOLDER = Path(__file__).resolve().parent
SOURCE = "supabase"
LAST_DAY = date(2026, 11, 14)
CUBE = "fct_usage_cost_daily"
MEASURES = """
    sum(u.request_count)::bigint as request_count, sum(u.input_tokens) as input_tokens,
    sum(u.output_tokens) as output_tokens, sum(u.cache_read_tokens) as cache_read_tokens,
    sum(u.input_tokens + u.output_tokens) as total_tokens,
    sum(u.unpriced_tokens) as unpriced_tokens, sum(u.list_cost) as list_cost,
    sum(u.list_cost) as contracted_cost, sum(u.list_cost) as effective_cost,
    sum(u.list_cost) as billed_cost, 'USD' as billing_currency
"""


@dataclass(frozen=True)
class HistorySize:
    """How large a history is; `scaled` makes one for tests."""

    days: int = 92
    events_per_day: int = 330_000
    tenants: int = 50
    teams: int = 1_000
    users: int = 50_000
    keys: int = 60_000
    detailed_days: int = 3
    cube_days: int = 14

    def scaled(self, factor: float) -> HistorySize:
        """Return a history of as many days with a share of the events, tenants, users and keys."""
        return HistorySize(
            self.days,
            max(int(self.events_per_day * factor), 100),
            max(int(self.tenants * factor), 3),
            max(int(self.teams * factor), 6),
            max(int(self.users * factor), 30),
            max(int(self.keys * factor), 36),
            self.detailed_days,
            self.cube_days,
        )

    @property
    def detailed(self) -> list[date]:
        """The days that have events in staging."""
        return self.dates[-self.detailed_days :]

    @property
    def with_lines(self) -> list[date]:
        """The days that have price lines."""
        return self.dates[-self.cube_days :]

    @property
    def dates(self) -> list[date]:
        """Its days, the oldest first."""
        return [LAST_DAY - timedelta(days=n) for n in reversed(range(self.days))]


def build_history(size: HistorySize) -> None:
    """Fill a migrated, empty warehouse; minutes at full size."""
    with warehouse(autocommit=True, application_name="meterr benchmark") as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("set work_mem = '256MB'")
        numbers = ("tenants", "teams", "users", "keys", "events_per_day")
        _run_file(connection, "history_world", **{n: str(getattr(size, n)) for n in numbers})
        _run_file(connection, "history_week", measures=MEASURES)
        _run_file(connection, "history_facts")
        marts = published_marts()
        for day in size.dates:
            with connection.transaction():
                _write_marts(connection, day, marts, has_lines=day in size.with_lines)
                _write_events(connection, day, has_events=day in size.detailed)
        for mart in marts:
            if mart.daily_mart:
                _write_months(connection, mart)
        connection.execute("drop schema history cascade")
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _write_marts(
    connection: Connection, day: date, marts: tuple[PublishedMart, ...], *, has_lines: bool
) -> None:
    for mart in marts:
        ensure_day_partitions(connection, mart, [day])
        rolled_up = sql.Identifier("history", mart.name)
        if not _exists(connection, rolled_up) or (mart.name == CUBE and not has_lines):
            continue
        date_of_day = sql.Literal(str(day)) + sql.SQL("::date")
        expressions = {
            "charge_date": date_of_day,
            "charge_hour_at": sql.SQL("{}::timestamp at time zone 'UTC' + charge_hour_at").format(
                date_of_day
            ),
        }
        connection.execute(
            sql.SQL("insert into {} ({}) select {} from {} where weekday = {}").format(
                mart.table,
                column_list(mart.columns),
                sql.SQL(", ").join(
                    expressions.get(name, sql.Identifier(name)) for name in mart.columns
                ),
                rolled_up,
                sql.Literal(day.isoweekday() % 7),
            )
        )


def _write_months(connection: Connection, mart: PublishedMart) -> None:
    daily = mart_table(str(mart.daily_mart))
    columns = column_list(mart.columns)
    connection.execute(
        sql.SQL("insert into {} ({}) select {} from ({}) as made").format(
            mart.table, columns, columns, derived_months(mart, daily)
        )
    )


def _write_events(connection: Connection, day: date, *, has_events: bool) -> None:
    connection.execute(
        sql.SQL(
            "create table staging.{} partition of staging.token_events for values in ({});"
        ).format(sql.Identifier(f"token_events_{day:%Y%m%d}"), sql.Literal(str(day)))
    )
    facts = {"day": day, "source": SOURCE, "run_id": f"history{day:%Y%m%d}"}
    row = connection.execute(
        "insert into ops.runs (run_id, source, window_start, window_end, trigger, status)"
        " values (%(run_id)s, %(source)s, %(day)s::timestamp at time zone 'UTC',"
        " (%(day)s + 1)::timestamp at time zone 'UTC', 'test', 'published') returning run_no",
        facts,
    ).fetchone()
    if has_events:
        text = (FOLDER / "history_events.sql").read_text()
        connection.execute(text, {**facts, "run_no": row[0] if row else 0})
    connection.execute((FOLDER / "history_ledger.sql").read_text(), facts)


def _exists(connection: Connection, table: sql.Identifier) -> bool:
    query = "select to_regclass(%s) is not null"
    row = connection.execute(query, (table.as_string(connection),)).fetchone()
    return bool(row and row[0])


def _run_file(connection: Connection, name: str, **parts: str) -> None:
    text = (FOLDER / f"{name}.sql").read_text()
    for part, value in parts.items():
        text = text.replace(f"::{part}::", value)
    connection.execute(text)
