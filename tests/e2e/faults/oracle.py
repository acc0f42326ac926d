"""What the marts must say, worked out from the source's final rows by plain code of its own.

Shares no line with the pipeline: published list prices, Decimal, dictionaries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.e2e.faults import sessions

# US dollars per token: input, cached input, output (reasoning is billed as output).
PRICES: dict[str, tuple[str, ...]] = {
    "gpt-4o": ("0.0000025", "0.00000125", "0.00001"),
    "gpt-4o-mini": ("0.00000015", "0.000000075", "0.0000006"),
    "claude-haiku-4-5": ("0.000001", "0.0000001", "0.000005"),
}
Prices = dict[str, tuple[str, ...]]
Lines = dict[tuple[Any, ...], tuple[Any, ...]]
FACTS = """
select u.id::text, u.organization_id::text, coalesce(u.project_id::text, 'unassigned'),
    coalesce(p.team_id::text, 'unassigned'), coalesce(t.cost_center, 'unassigned'),
    u.provider, u.model, u.input_tokens, u.output_tokens, u.cache_read_tokens,
    u.reasoning_tokens, u.created_at, u.updated_at
from public.token_usage as u
left join public.projects as p on p.id = u.project_id
left join public.teams as t on t.id = p.team_id
"""


def expected_marts(source_url: str, prices: Prices = PRICES) -> dict[str, Lines]:
    """Return each mart's lines at the grain that is compared, from the source as it stands."""
    with sessions.connect(source_url) as connection:
        rows = connection.execute(FACTS).fetchall()  # type: ignore[arg-type]
    events = [_priced(row, prices) for row in _standing(rows)]
    lines: list[dict[str, Any]] = [
        {**event, "token_type": kind, "quantity": quantity, "line_cost": cost}
        for event in events
        for kind, (quantity, cost) in event["leaves"].items()
        if quantity
    ]
    day, tenant, team = ("day", "tenant", "team")
    totals = ("requests", "input", "output", "cost")
    return {
        "events": {
            (e["id"],): (e["day"], e["at"], *(q for q, _ in e["leaves"].values())) for e in events
        },
        "fct_usage_cost_daily": _sums(
            lines,
            (day, tenant, team, "project", "cost_center", "model", "token_type"),
            ("quantity", "line_cost"),
        ),
        "fct_usage_by_owner_daily": _sums(
            events, (day, tenant, team, "project", "cost_center", "model"), totals
        ),
        "usage_by_team_daily": _sums(events, (day, tenant, team, "cost_center"), totals),
        "usage_by_model_daily": _sums(events, (day, tenant, "model"), totals),
        "usage_by_hour": _sums(events, (day, "hour", tenant, team), totals),
    }


def published_marts(warehouse_url: str) -> dict[str, Lines]:
    """Return the same of what readers see."""
    queries: dict[str, Callable[[], str]] = {
        "fct_usage_cost_daily": lambda: (
            "select charge_date, tenant_id, team_id, project_id, cost_center, model, token_type,"
            " sum(consumed_quantity), sum(effective_cost) from marts.fct_usage_cost_daily"
            " where consumed_quantity <> 0 group by 1, 2, 3, 4, 5, 6, 7"
        ),
        "fct_usage_by_owner_daily": lambda: _rolled(
            "fct_usage_by_owner_daily",
            "charge_date, tenant_id, team_id, project_id, cost_center, model",
        ),
        "usage_by_team_daily": lambda: _rolled(
            "usage_by_team_daily", "charge_date, tenant_id, team_id, cost_center"
        ),
        "usage_by_model_daily": lambda: _rolled(
            "usage_by_model_daily", "charge_date, tenant_id, model"
        ),
        "usage_by_hour": lambda: _rolled(
            "usage_by_hour", "charge_date, charge_hour_at, tenant_id, team_id"
        ),
        "events": lambda: (
            "select source_event_id, event_date, event_at, request_count,"
            " coalesce(uncached_input_tokens, 0), coalesce(cache_read_tokens, 0),"
            " coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0)"
            " from staging.published_events"
        ),
    }
    widths = {"events": 1, "fct_usage_cost_daily": 7, "fct_usage_by_owner_daily": 6,
              "usage_by_team_daily": 4, "usage_by_model_daily": 3, "usage_by_hour": 4}  # fmt: skip
    with sessions.connect(warehouse_url) as connection:
        connection.execute("set timezone = 'UTC'")
        found = {}
        for name, query in queries.items():
            rows = connection.execute(query()).fetchall()  # type: ignore[call-overload]
            width = widths[name]
            # A row that comes twice must not vanish in a dictionary.
            found[name] = {row[:width]: row[width:] for row in rows}
            if len(found[name]) != len(rows):
                found[name][("a key comes twice",)] = ()
    return found


def differences(expected: dict[str, Lines], found: dict[str, Lines]) -> list[str]:
    """Return a sentence for each line that is missing, superfluous or different."""
    told = []
    for name, lines in expected.items():
        for key in sorted(lines.keys() | found[name].keys(), key=str):
            wanted, got = lines.get(key), found[name].get(key)
            if wanted != got:
                told.append(f"{name} {key}: expected {wanted}, found {got}")
    return told


def _rolled(mart: str, key: str) -> str:
    if mart == "fct_usage_by_owner_daily":
        return (
            f"select {key}, sum(request_count), sum(uncached_input_tokens + cache_read_tokens),"
            f" sum(output_tokens + reasoning_tokens), sum(effective_cost) from marts.{mart}"
            f" group by {key}"
        )
    return (
        f"select {key}, sum(request_count), sum(input_tokens), sum(output_tokens),"
        f" sum(effective_cost) from marts.{mart} group by {key}"
    )


def _standing(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Of the legal rows of each id, the one that was changed last."""
    latest: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        if row[8] >= 0 and (row[0] not in latest or row[12] > latest[row[0]][12]):
            latest[row[0]] = row
    return list(latest.values())


def _priced(row: tuple[Any, ...], prices: Prices) -> dict[str, Any]:
    (event, tenant, project, team, cost_center, provider, model,
     given, made, cached, reasoned, created, _) = row  # fmt: skip
    at = created.astimezone(UTC)
    cached, reasoned = cached or 0, reasoned or 0
    uncached = given if provider == "anthropic" else given - cached
    leaves = {
        "request": (1, None),
        "uncached_input": _leaf(uncached, prices, model, 0),
        "cache_read": _leaf(cached, prices, model, 1),
        "output": _leaf(made - reasoned, prices, model, 2),
        "reasoning": _leaf(reasoned, prices, model, 2),
    }
    costs = [cost for _, cost in leaves.values() if cost is not None]
    return {
        "id": event,
        "day": at.date(),
        "at": at,
        "hour": datetime(at.year, at.month, at.day, at.hour, tzinfo=UTC),
        "tenant": tenant,
        "project": project,
        "team": team,
        "cost_center": cost_center,
        "model": model,
        "leaves": leaves,
        "requests": 1,
        "input": uncached + cached,
        "output": made,
        "cost": sum(costs, Decimal(0)) if costs else None,
    }


def _leaf(quantity: int, prices: Prices, model: str, nth: int) -> tuple[int, Decimal | None]:
    return quantity, quantity * Decimal(prices[model][nth]) if model in prices else None


def _sums(rows: list[dict[str, Any]], by: tuple[str, ...], what: tuple[str, ...]) -> Lines:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in by)].append(row)
    return {
        key: tuple(_sum([row[name] for row in members]) for name in what)
        for key, members in groups.items()
    }


def _sum(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
