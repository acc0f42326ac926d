"""Rules that hold between two fields; each is asked only where both are legal by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.sql import Composable

MAX_LEAD = timedelta(hours=24)


@dataclass(frozen=True)
class AcrossRule:
    """One rule on a field that also reads another.

    is_broken: takes the field's and the other's value.
    sql_is_broken: the same in SQL over the two values; may be null for "no".
    """

    code: str
    other: str
    wording: str
    is_broken: Callable[[Any, Any], bool]
    sql_is_broken: Callable[[Composable, Composable], Composable]

    def breaks(self, value: object, read: Mapping[str, object]) -> bool:
        """Return whether the rule is broken; no where the other field is not legal itself."""
        return self.other in read and self.is_broken(value, read[self.other])


def _is_after_update(event_at: datetime, updated_at: datetime) -> bool:
    return event_at > updated_at + MAX_LEAD


def _sql_is_after_update(event_at: Composable, updated_at: Composable) -> Composable:
    # Hours, not a day: a day's length would depend on the session's time zone.
    return sql.SQL("({}) > ({}) + interval '24 hours'").format(event_at, updated_at)


def _is_cost_without_currency(currency: object, cost: object) -> bool:
    return currency is None and cost is not None


def _sql_is_cost_without_currency(currency: Composable, cost: Composable) -> Composable:
    return sql.SQL("({}) is null and ({}) is not null").format(currency, cost)


NOT_AFTER_UPDATE = AcrossRule(
    "after_update",
    "source_updated_at",
    "not later than source_updated_at + 24 hours",
    _is_after_update,
    _sql_is_after_update,
)
REQUIRED_WITH_COST = AcrossRule(
    "missing",
    "reported_cost",
    "required with a reported cost",
    _is_cost_without_currency,
    _sql_is_cost_without_currency,
)
