"""Dead letters come back once the contract takes them: with their first arrival, on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meterr_etl import pipeline
from meterr_etl.errors import ConflictError
from meterr_etl.sources import registry
from meterr_etl.steps import replay as replay_step
from meterr_etl.steps import stage as stage_step

from .conftest import DAY, SourceTables, Warehouse, next_day

Night = Callable[..., str]


@pytest.fixture
def dead_night(source: SourceTables, warehouse: Warehouse, night: Night) -> str:
    """A published night of one good event and two dead letters of different reasons."""
    source.add_acme()
    source.add_event(DAY)
    source.add_event(DAY, hour=3, input_tokens=700, output_tokens=-1)
    source.add_event(DAY, hour=4, input_tokens=-5)
    return night(DAY)


@pytest.fixture
def mended_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping that takes a negative output for 'not reported'."""
    source = registry.load_source("supabase")
    mended = replace_mapping(source.mapping)
    for module in (replay_step, stage_step):
        monkeypatch.setattr(
            module, "load_source", lambda name: source.model_copy(update={"mapping": mended})
        )


def replace_mapping(mapping: str) -> str:
    old = "    output_tokens,\n    reasoning_tokens"
    assert old in mapping
    return mapping.replace(
        old,
        "    case when output_tokens::text like '-%' then null else output_tokens end"
        " as output_tokens,\n    reasoning_tokens",
    )


def test_letter_that_is_still_dead_stays(dead_night: str, warehouse: Warehouse) -> None:
    with pytest.raises(ConflictError, match="None of 2 dead letters of 'supabase' is legal yet"):
        pipeline.replay("supabase", trigger="test")
    assert warehouse.value("select count(*) from staging.dead_letters") == 2
    assert warehouse.value("select count(*) from staging.published_events") == 1


def test_mended_letter_is_published_and_its_history_kept(
    dead_night: str, mended_mapping: None, warehouse: Warehouse
) -> None:
    run_id = pipeline.replay("supabase", trigger="test")
    assert warehouse.rows(
        "select event_date, uncached_input_tokens::int from staging.published_events order by 2"
    ) == [(DAY, 700), (DAY, 1000)]
    assert warehouse.value("select sum(request_count)::int from marts.usage_by_hour") == 2
    assert warehouse.rows(
        "select run_id, replayed_by from staging.dead_letters order by replayed_by"
    ) == [(dead_night, run_id), (dead_night, None)]
    assert warehouse.rows("select cause from marts.restatements") == [("late events",)]
    assert warehouse.value("select count(*) from ops.windows") == 1


def test_replayed_letter_does_not_come_twice(
    dead_night: str, mended_mapping: None, warehouse: Warehouse
) -> None:
    pipeline.replay("supabase", trigger="test")
    with pytest.raises(ConflictError, match="None of 1 dead letters"):
        pipeline.replay("supabase", trigger="test")


def test_reason_chooses_the_letters(
    dead_night: str, mended_mapping: None, warehouse: Warehouse
) -> None:
    with pytest.raises(ConflictError, match="None of 1 dead letters"):
        pipeline.replay("supabase", trigger="test", reason_code="input_tokens_negative")
    with pytest.raises(ConflictError, match="with the reason 'no_such' waits"):
        pipeline.replay("supabase", trigger="test", reason_code="no_such")


def test_letter_that_was_corrected_at_its_source_meanwhile_does_not_win(
    source: SourceTables,
    dead_night: str,
    night: Night,
    mended_mapping: None,
    warehouse: Warehouse,
) -> None:
    source.execute(
        "update public.token_usage set output_tokens = 9, input_tokens = 800,"
        f" updated_at = '{next_day()} 05:00Z' where output_tokens = -1"
    )
    night(next_day())
    pipeline.replay("supabase", trigger="test")
    assert warehouse.rows(
        "select uncached_input_tokens::int, output_tokens::int from staging.published_events"
        " order by 1"
    ) == [(800, 9), (1000, 100)]
