"""What a source's owner may do to its table: a new column, a lost one, another type."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meterr_etl.errors import GateFailedError

from .conftest import DAY, SourceTables, Warehouse

Night = Callable[..., str]


def outcome_of(warehouse: Warehouse, expectation: str) -> tuple[object, object]:
    ((outcome, message),) = warehouse.rows(
        f"select outcome, message from ops.gate_verdicts where expectation = '{expectation}'"
    )
    return outcome, message


def test_new_column_is_noted_and_nothing_breaks(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.execute("alter table public.token_usage add column carbon_grams numeric")
    source.add_event(DAY)
    night(DAY)
    assert warehouse.value("select count(*) from staging.published_events") == 1
    assert "carbon_grams" in str(outcome_of(warehouse, "unknown_columns_noted")[1])


def test_lost_column_stops_at_the_first_gate_with_its_name_and_the_mapping_line(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.add_event(DAY)
    source.execute("alter table public.token_usage drop column output_tokens")
    with pytest.raises(GateFailedError, match=r"landing gate .* output_tokens .*events\.sql:\d+"):
        night(DAY)
    assert warehouse.value("select count(*) from ops.published_days") == 0


def test_other_type_is_a_warning_and_its_cells_are_cast_in_the_warehouse(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.execute("alter table public.token_usage alter column input_tokens type text")
    source.add_event(DAY, input_tokens="118.0")
    night(DAY)
    outcome, message = outcome_of(warehouse, "column_types_as_declared")
    assert outcome == "failed"
    assert "input_tokens (text)" in str(message)
    assert warehouse.value("select uncached_input_tokens::int from staging.published_events") == 118


def test_other_type_whose_cells_mean_nothing_stops_at_the_staging_gate(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    source.execute("alter table public.token_usage alter column input_tokens type text")
    for _ in range(21):
        source.add_event(DAY, input_tokens="many")
    with pytest.raises(GateFailedError, match=r"staging gate .*input_tokens_malformed"):
        night(DAY)
    assert warehouse.value("select count(*) from ops.published_days") == 0
