"""What readers see during a publish: the whole former state or the whole new one, at once."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.local.account import Account
from meterr_etl.local.programs import installed_programs
from meterr_etl.steps import publish as publish_step
from meterr_etl.window import Window
from tests.conftest import PostgresServer

from .conftest import DAY, SourceTables, Warehouse, next_day

Night = Callable[..., str]
BOTH = """
select
    (select count(*) from staging.published_events),
    (select coalesce(sum(consumed_quantity), 0)::bigint from marts.fct_usage_cost_daily
     where token_type = 'request'),
    (select coalesce(sum(request_count), 0)::bigint from marts.fct_usage_by_owner_daily)
"""


@pytest.fixture
def ready_to_publish(source: SourceTables, warehouse: Warehouse, night: Night) -> str:
    """A run that has passed its gates: it adds three events to a new day and one to an old."""
    source.add_event(DAY, hour=1)
    night(DAY)
    for hour in (1, 2, 3):
        source.add_event(next_day(), hour=hour)
    run_id = pipeline.extract("supabase", Window.of_day(next_day()), trigger="test")
    for step in pipeline.STEPS[1:6]:
        pipeline.run_step(step, run_id)
    return run_id


@contextmanager
def between_attach_and_publish(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]
) -> Iterator[None]:
    """Do something after the partitions were attached and before the publish's transaction."""
    original = publish_step._publish_all

    def acting(*args: object) -> object:
        act()
        return original(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(publish_step, "_publish_all", acting)
        yield


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_open_transaction_of_an_analyst_delays_nothing_and_sees_one_state(
    warehouse: Warehouse, ready_to_publish: str, isolation: str
) -> None:
    with psycopg.connect(warehouse.url) as analyst:
        analyst.execute(f"set transaction isolation level {isolation}")  # type: ignore[arg-type]
        assert analyst.execute(BOTH).fetchone() == (1, 1, 1)
        publishing = threading.Thread(
            target=pipeline.run_step, args=("publish", ready_to_publish), daemon=True
        )
        publishing.start()
        publishing.join(60)
        assert not publishing.is_alive()
        expected = (1, 1, 1) if isolation == "repeatable read" else (4, 4, 4)
        assert analyst.execute(BOTH).fetchone() == expected
    assert warehouse.rows(BOTH) == [(4, 4, 4)]


def test_attached_day_is_hidden_until_its_publish(
    warehouse: Warehouse, ready_to_publish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, ...]] = []

    def look() -> None:
        seen.extend(warehouse.rows(BOTH))
        seen.extend(warehouse.rows("select count(*) from staging.token_events"))

    with between_attach_and_publish(monkeypatch, look):
        pipeline.run_step("publish", ready_to_publish)
    assert seen == [(1, 1, 1), (4,)]


def test_readers_in_a_loop_never_see_a_mixture(
    source: SourceTables, warehouse: Warehouse, night: Night
) -> None:
    for n in range(4):
        source.add_event(next_day(days=n), hour=1)
        source.add_event(next_day(days=n), hour=2)
    done, reads, mixtures = threading.Event(), [0], []

    def read(isolation: psycopg.IsolationLevel) -> None:
        with psycopg.connect(warehouse.url) as reader:
            reader.isolation_level = isolation
            while not done.is_set():
                # In one statement when read committed, in two when the snapshot is the promise.
                row = reader.execute(BOTH).fetchone()
                reader.rollback()
                assert row is not None
                reads[0] += 1
                if len(set(row)) != 1:
                    mixtures.append(row)

    readers = [
        threading.Thread(target=read, args=(level,))
        for level in (
            psycopg.IsolationLevel.READ_COMMITTED,
            psycopg.IsolationLevel.REPEATABLE_READ,
        )
    ]
    for reader in readers:
        reader.start()
    try:
        for n in range(4):
            night(next_day(days=n))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert mixtures == []
    assert reads[0] > 50
    assert warehouse.rows(BOTH) == [(8, 8, 8)]


def test_dump_between_attach_and_publish_restores_to_one_state(
    warehouse: Warehouse,
    ready_to_publish: str,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    programs = installed_programs(Account(), tmp_path_factory.mktemp("programs"))
    dump = tmp_path_factory.mktemp("dump") / "warehouse.sql"

    def take_dump() -> None:
        subprocess.run([programs / "pg_dump", "-f", dump, warehouse.url], check=True)

    with between_attach_and_publish(monkeypatch, take_dump):
        pipeline.run_step("publish", ready_to_publish)
    with postgres.database("restored") as name:
        subprocess.run(
            [programs / "psql", "-q", "-f", dump, postgres.url(name)],
            check=True,
            capture_output=True,
        )
        assert Warehouse(postgres.url(name)).rows(BOTH) == [(1, 1, 1)]


def test_dump_that_holds_the_batch_makes_the_publish_insert_not_wait(
    warehouse: Warehouse, ready_to_publish: str
) -> None:
    with psycopg.connect(warehouse.url) as dump:
        for (name,) in warehouse.rows(
            "select oid::regclass::text from pg_class"
            f" where relkind in ('r', 'p') and relname like '%{ready_to_publish}'"
        ):
            dump.execute(f"lock table {name} in access share mode")  # type: ignore[arg-type]
        metrics = pipeline.run_step("publish", ready_to_publish)
    assert metrics["partitions"] == {str(next_day()): "created"}
    assert warehouse.rows(BOTH) == [(4, 4, 4)]
