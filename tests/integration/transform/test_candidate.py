"""A candidate is the affected days as they will stand after the publish (DESIGN §3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.transform import discard_candidate, transform
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts_dbt import BuildFailedError

from .conftest import ACME, DAY, GLOBEX, STRANGER, UNKNOWN, Event, Staged, insert_members, read

pytestmark = pytest.mark.usefixtures("small_project")

FRIDAY = date(2026, 11, 13)
HUGE = 2**62


def requests_by_day_and_tenant(run: Run) -> dict[tuple[date, str], int]:
    table = run.tables.candidate_table("usage_by_model_daily")
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            sql.SQL(
                "select charge_date, tenant_id, sum(request_count)::bigint from {} group by 1, 2"
            ).format(table)
        ).fetchall()
    return {(day, tenant): count for day, tenant, count in rows}


def schemas() -> set[str]:
    with warehouse() as connection:
        rows = connection.execute("select nspname from pg_namespace where nspname like 'cand%'")
        return {str(row[0]) for row in rows}


def test_published_rows_stay_but_for_those_that_the_batch_supersedes(
    stage_by_hand: Callable[..., Run], attach_day: Callable[..., None]
) -> None:
    kept, replaced = Event(1, requests=10), Event(2, requests=100)
    attach_day(kept, replaced)
    run = stage_by_hand(events=(Event(2, requests=1000),), supersedes=(replaced,))

    metrics = transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {(DAY, "acme"): 1010}
    assert metrics["affected_days"] == 1
    assert metrics["rows"]["usage_by_model_daily"] == 1


def test_only_affected_days_are_built(
    stage_by_hand: Callable[..., Run], attach_day: Callable[..., None]
) -> None:
    attach_day(Event(1, day=FRIDAY))
    run = stage_by_hand(events=(Event(2, owner=GLOBEX),))

    transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {(DAY, "globex"): 1}


def test_day_that_a_dead_run_attached_contributes_nothing(
    stage_by_hand: Callable[..., Run], attach_day: Callable[..., None]
) -> None:
    attach_day(Event(1, requests=7), published=False)
    run = stage_by_hand(events=(Event(2),))

    transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {(DAY, "acme"): 1}


def test_affected_day_that_lost_all_its_events_is_built_empty(
    stage_by_hand: Callable[..., Run], attach_day: Callable[..., None]
) -> None:
    attach_day(Event(1))
    run = stage_by_hand(supersedes=(Event(1),))

    transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {}
    assert read(run, "affected_days", "event_date") == [(DAY,)]


def test_member_that_another_run_published_meanwhile_counts_once(
    stage_by_hand: Callable[..., Run],
) -> None:
    """Twice in `owners` or `skus` would double every cost of theirs."""
    run = stage_by_hand(events=(Event(1, sku=UNKNOWN),))
    with warehouse("meterr_loader") as connection:
        insert_members(connection, sql.SQL("staging.owners"), sql.SQL("staging.skus"), Staged())

    transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {(DAY, "acme"): 1}
    assert len(read(run, "owners", "owner_key")) == 3
    assert len(read(run, "skus", "sku_key")) == 2


def test_retried_task_replaces_what_it_built(stage_by_hand: Callable[..., Run]) -> None:
    run = stage_by_hand(events=(Event(1),))
    transform(run.run_id)
    with warehouse("meterr_loader") as connection:
        Event(2, requests=5).insert(connection, run.tables.batch, run.run_no)
        connection.execute("update ops.run_verdicts set row_count = 2")

    transform(run.run_id)

    assert requests_by_day_and_tenant(run) == {(DAY, "acme"): 6}
    assert schemas() == {run.tables.candidate}


def test_failed_model_is_named_and_leaves_no_candidate(stage_by_hand: Callable[..., Run]) -> None:
    run = stage_by_hand(events=(Event(1, requests=HUGE), Event(2, requests=HUGE)))

    with pytest.raises(BuildFailedError, match=r"dbt could not build model \w+: .*out of range"):
        transform(run.run_id)

    assert run.tables.candidate not in schemas()


def test_failed_data_test_is_named_and_leaves_no_candidate(
    stage_by_hand: Callable[..., Run],
) -> None:
    run = stage_by_hand(events=(Event(1, owner=STRANGER),))

    with pytest.raises(
        BuildFailedError, match=r"dbt failed test accepted_values_\w+: Got 1 result"
    ):
        transform(run.run_id)

    assert run.tables.candidate not in schemas()


def test_slot_is_free_again_after_a_failure(stage_by_hand: Callable[..., Run]) -> None:
    broken = stage_by_hand(events=(Event(1, requests=HUGE), Event(2, requests=HUGE)))
    with pytest.raises(BuildFailedError):
        transform(broken.run_id)
    sound = stage_by_hand(events=(Event(3),))

    metrics = transform(sound.run_id)

    assert metrics["slot"] == "candidate_s1"
    assert requests_by_day_and_tenant(sound) == {(DAY, "acme"): 1}


def test_run_that_staged_nothing_is_told_so(stage_by_hand: Callable[..., Run]) -> None:
    run = stage_by_hand()
    with warehouse("meterr_loader") as connection:
        connection.execute(sql.SQL("drop table {}").format(run.tables.batch))

    with pytest.raises(ConflictError, match="has no whole batch"):
        transform(run.run_id)


def test_discarded_candidate_is_gone_and_may_be_discarded_again(
    stage_by_hand: Callable[..., Run],
) -> None:
    run = stage_by_hand(events=(Event(1, owner=ACME),))
    transform(run.run_id)

    discard_candidate(run.run_id)
    discard_candidate(run.run_id)

    assert schemas() == set()


def test_readers_are_granted_nothing_of_a_candidate(stage_by_hand: Callable[..., Run]) -> None:
    run = stage_by_hand(events=(Event(1),))
    transform(run.run_id)

    with warehouse() as connection:
        connection.execute("set role meterr_analyst")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                sql.SQL("select * from {}").format(
                    run.tables.candidate_table("usage_by_model_daily")
                )
            )
