"""Four metered months, whose days a test publishes anew and whose periods it closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from meterr_etl.billing.closing import freeze
from tests.conftest import PostgresServer

MONTHS = tuple(date(2026, month, 1) for month in (7, 8, 9, 10))
DAYS = tuple(month.replace(day=day) for month in MONTHS for day in (1, 28))
COSTS = ("list_cost", "contracted_cost", "effective_cost", "billed_cost")
KEY = (
    "charge_date, tenant_id, cost_center, team_id, model, token_type, rate_id, pricing_status,"
    " list_unit_price, billing_currency"
)
METERED = """
insert into ops.runs (run_id, source, window_start, window_end, trigger, status)
values ('metered1', 'canonical', '2026-07-01 00:00+00', '2026-11-01 00:00+00', 'test', 'published');
insert into ops.publications (run_id) values ('metered1');
insert into ops.windows
    (source, window_start, window_end, run_id, publication_no, rows_read, dead_count)
select source, window_start, window_end, run_id, 1, 0, 0 from ops.runs;
insert into ops.published_days
    (event_date, version, run_id, publication_no, reference_version, event_count, late_event_count)
select day, 1, 'metered1', 1, 0, 0, 0
from generate_series(date '2026-07-01', '2026-10-31', '1 day') as day;
"""
MEASURES = (
    "coalesce(sum(consumed_quantity) filter (where token_type = 'request'), 0),"
    " coalesce(sum(consumed_quantity) filter (where token_type <> 'request'), 0), 0, 0, 0, 0,"
    f" {', '.join(f'sum({cost})' for cost in COSTS)}"
)


@dataclass(frozen=True)
class Line:
    """A price line of one day; without a price it is unpriced, without a contract's the list's."""

    tenant: str
    cost_center: str
    token_type: str
    quantity: int
    price: Decimal | None
    currency: str
    contracted_price: Decimal | None = None


@dataclass(frozen=True)
class Ledger:
    """One history: publishes and closes within a transaction that is rolled back."""

    connection: psycopg.Connection[tuple[object, ...]]

    def publish(self, day: date, lines: Sequence[Line]) -> None:
        """Put these lines in place of the day's, as a publish would."""
        self.connection.execute(
            "delete from marts.fct_usage_cost_daily where charge_date = %s", [day]
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "insert into marts.fct_usage_cost_daily (charge_date, tenant_id, team_id,"
                " project_id, cost_center, environment, feature, provider, model, region,"
                " service_tier, processing_mode, token_type, rate_id, pricing_status,"
                " consumed_quantity, list_unit_price, contracted_unit_price, list_cost,"
                " contracted_cost, effective_cost, billed_cost, billing_currency)"
                " select %(day)s, %(tenant)s, 'team', 'project', %(cost_center)s, %(feature)s,"
                " %(feature)s, 'p', 'm', 'r', 's', 'sync', %(token_type)s, 'rate ' || %(price)s,"
                " case when %(price)s::numeric is null then 'unpriced' else 'priced' end,"
                " %(quantity)s, %(price)s, %(contracted_price)s, c, b, b, b, %(currency)s"
                " from (select %(quantity)s::numeric * %(price)s::numeric as c,"
                " %(quantity)s::numeric * coalesce(%(contracted_price)s, %(price)s)::numeric as b)"
                " as cost",
                [
                    {
                        "day": day,
                        "feature": f"f{n}",
                        **vars(line),
                        "contracted_price": line.contracted_price if line.price else None,
                    }
                    for n, line in enumerate(lines)
                ],
            )
        self._roll_up(day)
        self.connection.execute(
            "update ops.published_days set version = version + 1 where event_date = %s", [day]
        )

    def close(self, month: date) -> None:
        """Close the next period."""
        freeze(self.connection, month, "a revision")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()  # type: ignore[call-overload]

    def _roll_up(self, day: date) -> None:
        measures = (
            "request_count, input_tokens, output_tokens, cache_read_tokens, total_tokens,"
            f" unpriced_tokens, {', '.join(COSTS)}"
        )
        month = day.replace(day=1)
        self.connection.execute(
            "delete from marts.usage_by_tenant_daily where charge_date = %s", [day]
        )
        self.connection.execute(
            f"insert into marts.usage_by_tenant_daily (charge_date, tenant_id, {measures},"
            f" billing_currency) select charge_date, tenant_id, {MEASURES}, billing_currency"
            " from marts.fct_usage_cost_daily where charge_date = %s group by 1, 2, 13",
            [day],
        )
        self.connection.execute(
            "delete from marts.chargeback_monthly where billing_month = %s", [month]
        )
        self.connection.execute(
            f"insert into marts.chargeback_monthly (billing_month, tenant_id, cost_center, team_id,"
            f" {measures}, billing_currency, last_charge_date) select %s::date, tenant_id,"
            f" cost_center, team_id, {MEASURES}, billing_currency, max(charge_date)"
            " from marts.fct_usage_cost_daily"
            " where charge_date >= %s and charge_date < %s::date + interval '1 month'"
            " group by tenant_id, cost_center, team_id, billing_currency",
            [month, month, month],
        )


class Histories:
    """Begins a history anew, each time from four months of empty published days."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def begin(self) -> Iterator[Ledger]:
        with psycopg.connect(self.url) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute("set role meterr_publisher")
            yield Ledger(connection)
            connection.rollback()


@pytest.fixture(scope="module")
def histories(postgres: PostgresServer, migrated_template: str) -> Iterator[Histories]:
    """Histories over a migrated warehouse with a partition for each day that is used."""
    with postgres.database("billing", template=migrated_template) as name:
        with psycopg.connect(postgres.url(name)) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute("set role meterr_publisher")
            connection.execute(METERED)
            for day in DAYS:
                connection.execute(
                    f"create table marts.fct_usage_cost_daily_{day:%Y%m%d}"
                    f" partition of marts.fct_usage_cost_daily for values in ('{day}')"
                )
        yield Histories(postgres.url(name))
