"""A person may let one run pass a gate that found it unusual, on record; never what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.errors import ConflictError, GateFailedError
from meterr_etl.gates.waivers import waive
from meterr_etl.window import Window

from .conftest import DAY, SourceTables, Warehouse, next_day

Night = Callable[..., str]


@pytest.fixture
def red_run(source: SourceTables, warehouse: Warehouse, night: Night) -> str:
    """A run that the marts gate stopped: nobody can price its usage."""
    source.add_event(DAY, model="mystery-9")
    with pytest.raises(GateFailedError):
        night(DAY)
    return str(warehouse.value("select run_id from ops.runs"))


def test_waived_run_is_published_and_the_waiver_is_on_record(
    red_run: str, warehouse: Warehouse, source: SourceTables, night: Night
) -> None:
    assert waive(red_run, "marts", "a model of our own") == ["unpriced_share_small"]
    pipeline.resume(red_run, after="transform")
    assert warehouse.value("select count(*) from staging.published_events") == 1
    assert warehouse.rows("select run_id, gate, reason from ops.gate_waivers") == [
        (red_run, "marts", "a model of our own")
    ]
    # What stood out stays said.
    assert warehouse.rows(
        "select expectation from ops.gate_verdicts where outcome = 'failed' and severity = 'error'"
    ) == [("unpriced_share_small",)]
    source.add_event(next_day(), model="mystery-9")
    with pytest.raises(GateFailedError):
        night(next_day())


def test_waiver_of_another_gate_helps_nothing(red_run: str) -> None:
    with pytest.raises(ConflictError, match="landing gate did not stop run"):
        waive(red_run, "landing", "by mistake")
    with pytest.raises(GateFailedError):
        pipeline.run_step("gate_marts", red_run)


def test_conservation_can_not_be_waived(source: SourceTables, warehouse: Warehouse) -> None:
    source.add_event(DAY)
    run_id = pipeline.extract("supabase", Window.of_day(DAY), trigger="test")
    for step in ("gate_landing", "stage"):
        pipeline.run_step(step, run_id)
    _lose_a_verdict(warehouse, run_id)
    with pytest.raises(GateFailedError):
        pipeline.run_step("gate_staging", run_id)
    with pytest.raises(ConflictError, match=r"verdicts_add_up_to_rows_read.* can't be waived"):
        waive(run_id, "staging", "it is late and we want to go home")
    with pytest.raises(GateFailedError):
        pipeline.run_step("gate_staging", run_id)


def _lose_a_verdict(warehouse: Warehouse, run_id: str) -> None:
    with psycopg.connect(warehouse.url) as connection:
        connection.execute("update ops.run_verdicts set row_count = 0 where run_id = %s", (run_id,))
