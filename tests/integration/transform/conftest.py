"""Runs staged by hand: what `stage` would leave, a few rows each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from psycopg import sql

from meterr_etl.ledger.runs import Run, open_run
from meterr_etl.warehouse import marts_dbt
from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.names import event_partition
from meterr_etl.window import Window

DAY = date(2026, 11, 14)
ACME, GLOBEX, STRANGER = 101, 102, 103
OPUS, UNKNOWN = 201, 202
OWNERS = {
    ACME: ("acme", "project-1", "user-1"),
    GLOBEX: ("globex", None, "user-2"),
    STRANGER: ("stranger", None, None),
}
SKUS = {OPUS: ("anthropic", "claude-opus-4-5"), UNKNOWN: ("nobody", "no-such-model")}


@dataclass(frozen=True)
class Event:
    """One event: `key` stands for its id; everything else has a plain default."""

    key: int
    requests: int = 1
    owner: int = ACME
    sku: int = OPUS
    day: date = DAY

    def insert(self, connection: Connection, table: sql.Composable, run_no: int) -> None:
        connection.execute(
            sql.SQL(
                "insert into {} (event_date, run_no, event_at, source_updated_at, event_key,"
                " owner_key, sku_key, uncached_input_tokens, output_tokens, request_count,"
                " source_id) values (%s, %s, %s, %s, lpad(%s, 32, '0')::uuid, %s, %s, 100, 10,"
                " %s, 1)"
            ).format(table),
            (
                self.day,
                run_no,
                self.day,
                self.day,
                str(self.key),
                self.owner,
                self.sku,
                self.requests,
            ),
        )


@dataclass(frozen=True)
class Staged:
    """What a run is to find when its transform starts."""

    events: tuple[Event, ...] = ()
    supersedes: tuple[Event, ...] = ()
    days: tuple[date, ...] = (DAY,)
    owners: tuple[int, ...] = (ACME, GLOBEX, STRANGER)
    skus: tuple[int, ...] = (OPUS, UNKNOWN)
    landed: dict[str, list[dict[str, str]]] = field(default_factory=dict)


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets this process build the project of one mart that lies beside the tests."""
    folder = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "project", folder)
    shutil.copy(marts_dbt.DBT_PROJECT / "profiles.yml", folder)
    (folder / "macros").mkdir()
    shutil.copy(marts_dbt.DBT_PROJECT / "macros" / "generate_schema_name.sql", folder / "macros")
    monkeypatch.setattr(marts_dbt, "DBT_PROJECT", folder)


@pytest.fixture
def stage_by_hand(warehouse_db: str) -> Callable[..., Run]:
    """Opens a run of the day and gives it a batch, as a `Staged` has it."""

    def stage(**facts: object) -> Run:
        staged = Staged(**facts)
        run = open_run("supabase", Window.of_day(DAY), "test")
        with warehouse("meterr_loader") as connection:
            _create_tables(connection, run)
            for event in staged.events:
                event.insert(connection, run.tables.batch, run.run_no)
            for event in staged.supersedes:
                connection.execute(
                    sql.SQL("insert into {} values (%s, 1, lpad(%s, 32, '0')::uuid)").format(
                        run.tables.superseded
                    ),
                    (event.day, str(event.key)),
                )
            insert_members(connection, run.tables.owners, run.tables.skus, staged)
            for day in staged.days:
                connection.execute(
                    "insert into ops.run_days values (%s, %s, 0, 'test')", (run.run_id, day)
                )
            connection.execute(
                "insert into ops.run_verdicts values (%s, 'new', %s)",
                (run.run_id, len(staged.events)),
            )
            for entity, rows in staged.landed.items():
                _land(connection, run, entity, rows)
        return run

    return stage


@pytest.fixture
def attach_day(warehouse_db: str) -> Callable[..., None]:
    """Gives a day a partition of published events; `published=False` leaves it unseen."""

    def attach(*events: Event, published: bool = True) -> None:
        run = open_run("supabase", Window.of_day(DAY), "test")
        day = events[0].day
        with warehouse("meterr_loader") as connection:
            connection.execute(
                sql.SQL(
                    "create table {} partition of staging.token_events for values in ({})"
                ).format(event_partition(day), sql.Literal(day))
            )
            for event in events:
                event.insert(connection, sql.SQL("staging.token_events"), run.run_no)
            if published:
                connection.execute(
                    "with p as (insert into ops.publications (run_id) values (%(run)s) returning *)"
                    " insert into ops.published_days (event_date, version, run_id, publication_no,"
                    " reference_version, event_count, late_event_count)"
                    " select %(day)s, 1, %(run)s, publication_no, 0, 1, 0 from p",
                    {"run": run.run_id, "day": day},
                )

    return attach


def insert_members(
    connection: Connection, owners: sql.Composable, skus: sql.Composable, staged: Staged
) -> None:
    """Write members into the tables of a run, or into the published ones."""
    for key in staged.owners:
        connection.execute(
            sql.SQL("insert into {} values (%s, %s, %s, %s)").format(owners), (key, *OWNERS[key])
        )
    for key in staged.skus:
        connection.execute(
            sql.SQL(
                "insert into {} (sku_key, provider, model, processing_mode, accounting_role,"
                " is_gateway_cache_hit) values (%s, %s, %s, 'sync', 'leaf', false)"
            ).format(skus),
            (key, *SKUS[key]),
        )


def read(run: Run, relation: str, columns: str) -> list[tuple[object, ...]]:
    """Return columns of one relation of a run's candidate, sorted by the first."""
    with warehouse("meterr_loader") as connection:
        return connection.execute(
            sql.SQL("select {} from {} order by 1").format(
                sql.SQL(columns), run.tables.candidate_table(relation)
            )
        ).fetchall()


def _create_tables(connection: Connection, run: Run) -> None:
    tables = run.tables
    connection.execute(
        sql.SQL(
            "create table {batch} (like staging.token_events) partition by list (event_date);"
            "create table {other} partition of {batch} default;"
            "create table {superseded} (event_date date, source_id smallint, event_key uuid);"
            "create table {owners} (like staging.owners);"
            "create table {skus} (like staging.skus);"
            "create table {tag_sets} (like staging.tag_sets)"
        ).format(
            batch=tables.batch,
            other=tables.batch_other,
            superseded=tables.superseded,
            owners=tables.owners,
            skus=tables.skus,
            tag_sets=tables.tag_sets,
        )
    )


def _land(connection: Connection, run: Run, entity: str, rows: list[dict[str, str]]) -> None:
    table = run.tables.landing_entity(entity)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in rows[0])
    typed = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in rows[0])
    connection.execute(sql.SQL("create table {} ({})").format(table, typed))
    for row in rows:
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                table, columns, sql.SQL(", ").join(sql.Literal(value) for value in row.values())
            )
        )
