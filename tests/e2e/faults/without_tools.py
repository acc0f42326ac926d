"""Builds by the very statements that dbt sends, and judges as Great Expectations does, faster.

dbt builds once with its statements written down; a history then sends them itself, in the same
order, with its own database and schema put in. What dbt adds to them (parsing, threads, the
catalogue) and what Great Expectations adds to a comparison touch nothing that a history could
disturb, and cost a second and a half a night. Some histories of each kind run with both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import conninfo, sql
from psycopg.rows import dict_row

from meterr_etl import pipeline
from meterr_etl.contract.verdict_sql import VerdictSql, compile_verdict
from meterr_etl.gates import gate as gate_step
from meterr_etl.gates.expectation import Expectation
from meterr_etl.steps import stage as stage_step
from meterr_etl.steps import transform as transform_step
from meterr_etl.warehouse import marts_dbt
from meterr_etl.warehouse.connection import warehouse, warehouse_url
from meterr_etl.warehouse.marts_dbt import BuildFailedError, Built, Place
from meterr_etl.window import Window
from tests.e2e.faults import process, sessions
from tests.e2e.faults.history import new_world
from tests.e2e.faults.process import aside
from tests.e2e.faults.server import FaultServer

_verdicts: dict[tuple[tuple[str, str], ...], VerdictSql] = {}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class RecordedBuild:
    """The statements of one whole build: (node, SQL) in an order that dbt found to work."""

    database: str
    schema: str
    statements: tuple[tuple[str, str], ...]

    def take_over(self) -> None:
        """Let this process send these statements and compare bounds itself, from now on."""
        transform_step.build_tables = self.build_tables
        gate_step.judge = _compared
        stage_step.compile_verdict = _compiled_once

    def build_tables(self, place: Place, select: str) -> tuple[Built, ...]:
        """Do what `marts_dbt.build_tables` does, as the same role, statement by statement."""
        database = str(conninfo.conninfo_to_dict(warehouse_url())["dbname"])
        built: dict[str, Built] = {}
        with warehouse("meterr_transformer") as connection:
            for node, text in self.statements:
                own = text.replace(self.database, database).replace(self.schema, place.schema)
                cursor = connection.execute(sql.SQL(own))  # type: ignore[arg-type]
                kind, name = node.split(".")[0], node.split(".")[2]
                if kind == "test":
                    found = cursor.fetchone()
                    if found is None or found[2]:
                        raise BuildFailedError(f"dbt failed test {name}: {found}")
                built[node] = Built(name, kind, None)
        return tuple(built.values())


def record_build(server: FaultServer) -> RecordedBuild:
    """Run a night with dbt in a process of its own; returns what dbt sent that builds or judges."""
    with new_world(server, 0, 1) as world:
        world.source.add_events(world.days[0], 5)
        window = Window.of_day(world.days[0])
        recorded = json.loads(aside(lambda: _recorded_night(window)))
        database = str(conninfo.conninfo_to_dict(warehouse_url())["dbname"])
    kept = []
    for node, text in recorded:
        statement = COMMENT.sub("", text, count=1).strip()
        # A model's own select only asks for its columns, which its contract has settled.
        asks = node.startswith("model.") and statement.startswith("select *")
        if node.startswith(("model.", "test.")) and statement != "COMMIT" and not asks:
            kept.append((node, statement))
    build = RecordedBuild(database, "candidate_s1", tuple(kept))
    _warm_up(server, build)
    return build


def _warm_up(server: FaultServer, build: RecordedBuild) -> None:
    """Run a night in this process, so that forked ones inherit what it compiled and cached."""
    own = (transform_step.build_tables, gate_step.judge, stage_step.compile_verdict)
    with new_world(server, 0, 1) as world:
        world.source.add_events(world.days[0], 5)
        build.take_over()
        try:
            pipeline.run_window("supabase", Window.of_day(world.days[0]), trigger="test")
        finally:
            transform_step.build_tables, gate_step.judge, stage_step.compile_verdict = own


def _recorded_night(window: Window) -> str:
    recorded: list[tuple[str, str]] = []

    def note(event: Any) -> None:
        if event.info.name == "SQLQuery":
            recorded.append((event.data.conn_name, event.data.sql))

    marts_dbt._log_event = note
    pipeline.run_window("supabase", window, trigger="test")
    return json.dumps(recorded)


def run_without_tools(build: RecordedBuild) -> None:
    """Let forked processes send the recorded statements and compare bounds themselves."""

    def prepare() -> None:
        build.take_over()
        psycopg.connect = sessions.connect  # type: ignore[assignment]

    process.BEFORE_WORK[:] = [prepare]


def run_with_tools() -> None:
    """Let forked processes call dbt and Great Expectations again."""
    process.BEFORE_WORK.clear()


def _compiled_once(mapped_types: Mapping[str, str]) -> VerdictSql:
    key = tuple(mapped_types.items())
    if key not in _verdicts:
        _verdicts[key] = compile_verdict(mapped_types)
    return _verdicts[key]


def _compared(schema: str, table: str, expectations: Sequence[Expectation]) -> dict[str, bool]:
    with warehouse("meterr_loader") as connection:
        query = sql.SQL("select * from {}").format(sql.Identifier(schema, table))
        with connection.cursor(row_factory=dict_row) as cursor:
            measures = cursor.execute(query).fetchall()[0]
    return {e.name: _is_met(e, measures.get(e.measure)) for e in expectations}


def _is_met(expectation: Expectation, value: Any) -> bool:
    minimum, maximum = expectation.minimum, expectation.maximum
    return (
        value is not None
        and (minimum is None or value >= minimum)
        and (maximum is None or value <= maximum)
    )
