"""A red gate publishes nothing; the next night takes no row of it; mended, it is published."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meterr_etl.errors import GateFailedError

from .conftest import DAY, SourceTables, Warehouse, next_day

Night = Callable[..., str]
FAULTS = {
    "landing": (
        "alter table public.token_usage rename column model to model_name",
        "alter table public.token_usage rename column model_name to model",
    ),
    "staging": (
        "update public.token_usage set input_tokens = -5 where feature = 'faulty'",
        "update public.token_usage set input_tokens = 5 where feature = 'faulty'",
    ),
    "marts": (
        "update public.token_usage set model = 'mystery-9' where feature = 'faulty'",
        "update public.token_usage set model = 'gpt-4o' where feature = 'faulty'",
    ),
}


@pytest.mark.parametrize("gate", FAULTS)
def test_red_gate_publishes_nothing_and_the_mended_night_is_published(
    source: SourceTables, warehouse: Warehouse, night: Night, gate: str
) -> None:
    fault, repair = FAULTS[gate]
    for _ in range(25):
        source.add_event(DAY, hour=23, feature="faulty")
    source.execute(fault)
    with pytest.raises(GateFailedError, match=gate) as caught:
        night(DAY)
    assert caught.value.remedy
    assert warehouse.value("select count(*) from ops.published_days") == 0
    assert warehouse.value("select count(*) from staging.published_events") == 0
    assert warehouse.value("select count(*) from marts.fct_usage_cost_daily") == 0
    assert warehouse.rows("select status, failed_step from ops.runs") == [
        ("failed", f"gate_{gate}")
    ]

    source.execute(repair)
    source.add_event(next_day(), hour=1, feature="sound")
    night(next_day())
    assert warehouse.rows("select distinct feature from staging.published_events") == [("sound",)]

    night(DAY)
    assert warehouse.value("select count(*) from staging.published_events") == 26
    assert warehouse.rows("select sum(request_count)::int from marts.usage_by_team_daily") == [
        (26,)
    ]


def test_verdict_keeps_a_sample_of_the_rows_that_broke_it(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    for _ in range(25):
        source.add_event(feature="faulty")
    source.execute(FAULTS["staging"][0])
    with pytest.raises(GateFailedError):
        night()
    samples = warehouse.value(
        "select max(jsonb_array_length(sample)) from ops.gate_verdicts where outcome = 'failed'"
    )
    assert isinstance(samples, int)
    assert samples > 0
