"""What staging keeps small comes back whole: wide quantities, and times of changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from .conftest import DAY, SourceTables, Warehouse, at

Night = Callable[..., str]

MOST_IN_A_COLUMN = 2**31 - 1


def test_a_quantity_wider_than_its_column_is_published_and_priced_exactly(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(
        input_tokens=7_000_000_000, cache_read_tokens=2_000_000_000, output_tokens=3_000_000_000
    )
    source.add_event(input_tokens=MOST_IN_A_COLUMN, output_tokens=MOST_IN_A_COLUMN + 1)
    night()
    assert warehouse.rows(
        "select uncached_input_tokens, cache_read_tokens, output_tokens, extra_units"
        " from staging.published_events order by output_tokens"
    ) == [
        (MOST_IN_A_COLUMN, None, MOST_IN_A_COLUMN + 1, None),
        (5_000_000_000, 2_000_000_000, 3_000_000_000, None),
    ]
    used = "select token_type, sum(consumed_quantity) from marts.fct_usage_cost_daily group by 1"
    assert dict(warehouse.rows(used)) == {
        "uncached_input": 5_000_000_000 + MOST_IN_A_COLUMN,
        "cache_read": 2_000_000_000,
        "output": 3_000_000_000 + MOST_IN_A_COLUMN + 1,
        "request": 2,
    }
    of_events, of_lines = (
        warehouse.value(f"select sum(list_cost) from marts.{mart}")
        for mart in ("token_events_priced", "fct_usage_cost_daily")
    )
    assert of_events == of_lines
    assert isinstance(of_lines, Decimal)


def test_the_time_of_a_change_is_stored_only_where_there_was_one(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    noon = at(DAY, 12)
    source.add_event(created_at=noon, updated_at=noon)
    source.add_event(created_at=noon, updated_at=noon + timedelta(hours=1))
    night()
    stored = "select source_updated_at from staging.token_events order by 1 nulls first"
    assert warehouse.rows(stored) == [(None,), (noon + timedelta(hours=1),)]
    read = "select source_updated_at from staging.published_events order by 1"
    assert warehouse.rows(read) == [(noon,), (noon + timedelta(hours=1),)]
