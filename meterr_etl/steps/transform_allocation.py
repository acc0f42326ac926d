"""Gives dbt the pools of the affected days before it builds, and the shares between its builds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from psycopg import sql

from meterr_etl.allocation.belongings import Belongings, Moved
from meterr_etl.allocation.distributing import (
    DayDrivers,
    SharedCost,
    day_shares,
    drivers_of,
)
from meterr_etl.allocation.rules import ALL_DIMENSIONS
from meterr_etl.allocation.versions import RULES, HeldRules
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.transform_months import create_published_pools
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.rows import copy_rows
from meterr_etl.warehouse.statements import statement

SQL_PACKAGE = "meterr_etl.steps"


def create_pools(connection: Connection, run: Run, schema: str) -> list[HeldRules]:
    """Create the pools of the rules that the run distributes by, and an empty table of shares.

    Returns the rules; where there are none, all cost is direct.
    """
    held = RULES.of_run(connection, run.run_id, run.reference_version)
    connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_pools",
            pools=sql.Identifier(schema, "allocation_pools"),
            shares=sql.Identifier(schema, "allocation_shares"),
            dimensions=sql.SQL(", ").join(
                sql.SQL("{} text[]").format(sql.Identifier(name)) for name in ALL_DIMENSIONS
            ),
        )
    )
    copy_rows(connection, sql.Identifier(schema, "allocation_pools"), _pool_rows(held))
    create_published_pools(connection, run, schema)
    return held


def fill_shares(connection: Connection, schema: str, held: list[HeldRules]) -> int:
    """Write who bears which share of each pool of each day, from what dbt has summed up.

    Returns how many shares there are.
    """
    shares = [
        share
        for one in held
        for day, month in _days(connection, schema, one.content.tenant_id)
        for share in day_shares(one, day, month)
    ]
    table = sql.Identifier(schema, "allocation_shares")
    with connection.transaction():
        copy_rows(connection, table, shares)
        connection.execute(sql.SQL("analyze {}").format(table))
    return len(shares)


def _pool_rows(held: Iterable[HeldRules]) -> Iterator[tuple[object, ...]]:
    for one in held:
        for place, pool in enumerate(one.content.pools):
            values = [
                list(pool.filter[name]) if name in pool.filter else None for name in ALL_DIMENSIONS
            ]
            tags = json.dumps(pool.tags) if pool.tags else None
            for rule in one.content.rules:
                if rule.pool == pool.name:
                    yield (
                        one.content.tenant_id, pool.name, place, rule.valid_from, rule.valid_to,
                        rule.period, *values, tags,
                    )  # fmt: skip


def _days(
    connection: Connection, schema: str, tenant_id: str
) -> Iterator[tuple[DayDrivers, DayDrivers | None]]:
    """Yield what a tenant used on each day, and on a month's last day what it used in the month."""
    known = _belongings(connection, schema, tenant_id)
    moved = _moved(connection, schema, tenant_id)
    days, months = (
        _sums(connection, schema, query, tenant_id)
        for query in ("transform_drivers", "transform_month_drivers")
    )
    for day in sorted({*days, *months}):
        of_day, of_month = days.get(day, []), months.get(day, [])
        then = known.as_of(moved.get(day, []))
        for currency in sorted({cost.billing_currency for cost in (*of_day, *of_month)}):
            yield (
                drivers_of(of_day, day, currency, then),
                drivers_of(of_month, day, currency, then) if of_month else None,
            )


def _sums(
    connection: Connection, schema: str, query: str, tenant_id: str
) -> dict[date, list[SharedCost]]:
    rows = connection.execute(
        statement(
            SQL_PACKAGE,
            query,
            costs=sql.Identifier(schema, "fct_pooled_cost_daily"),
            published_costs=sql.Identifier(schema, "published_pools"),
            affected_days=sql.Identifier(schema, "affected_days"),
            tenant_id=sql.Literal(tenant_id),
        )
    ).fetchall()
    found: dict[date, list[SharedCost]] = {}
    for cost in (SharedCost(*row) for row in rows):  # type: ignore[arg-type]
        found.setdefault(cost.charge_date, []).append(cost)
    return found


def _belongings(connection: Connection, schema: str, tenant_id: str) -> Belongings:
    def read(dimension: str, column: str) -> dict[str, str]:
        rows = connection.execute(
            sql.SQL(
                "select id, {0} from {1} where organization_id = {2} and {0} is not null"
            ).format(
                sql.Identifier(column), sql.Identifier(schema, dimension), sql.Literal(tenant_id)
            )
        ).fetchall()
        return {str(member): str(belongs_to) for member, belongs_to in rows}

    return Belongings(read("projects", "team_id"), read("teams", "cost_center"))


def _moved(connection: Connection, schema: str, tenant_id: str) -> dict[date, list[Moved]]:
    rows = connection.execute(
        statement(
            SQL_PACKAGE,
            "transform_pools_moves",
            moves=sql.Identifier(schema, "moves"),
            affected_days=sql.Identifier(schema, "affected_days"),
            tenant_id=sql.Literal(tenant_id),
        )
    ).fetchall()
    found: dict[date, list[Moved]] = {}
    for day, *moved in rows:
        found.setdefault(day, []).append(Moved(*moved))  # type: ignore[arg-type]
    return found
