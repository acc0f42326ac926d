"""What others take for the same rows: dlt, ingestr and a row-wise loader; dlt + dbt for the night.

A mover is set against the bare pipe of the same rows; the night of dlt and dbt, which builds what
the handwritten script builds, is what our night is set against. Everything runs in processes of its
own, starting from the same state; dlt and ingestr are those of `peers.lock`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from meterr_etl.sources.registry import load_source
from tests.benchmarks.baseline import bare_pipe
from tests.benchmarks.datasets import Bench, Database
from tests.benchmarks.figures import Figure, not_measured
from tests.benchmarks.night import require_same_tokens
from tests.benchmarks.nights import run_night, warm_up
from tests.benchmarks.peer_programs.dbt_night import run_dbt, write_project
from tests.benchmarks.peer_programs.environment import PEERS_BIN, WHY_NOT, is_installed
from tests.benchmarks.sizes import Size

GROUP = "peers"
DATABASE = "bench_peer"
SCHEMA = "bench"
PROGRAMS = Path(__file__).resolve().parent / "peer_programs"
QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DISABLE_TELEMETRY": "true",
    "INGESTR_DISABLE_TELEMETRY": "true",
}
# Ours may take a fifth of theirs.
NIGHT_TARGET = 0.2
WAYS = {"default": "dlt as it comes", "connectorx": "dlt with ConnectorX and CSV"}

Mover = Callable[[Database, Database], None]


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure the movers, then whole nights; what is not installed is shown as not measured."""
    if not is_installed():
        return [
            *_moved(bench, size, {ROW_BY_ROW: _row_by_row}),
            not_measured(GROUP, "dlt, ingestr, and the night of dlt and dbt", "s", WHY_NOT),
        ]
    warm_up(bench)
    return [*_moved(bench, size, MOVERS), *_nights(bench, size)]


def _moved(bench: Bench, size: Size, movers: dict[str, Mover]) -> list[Figure]:
    source = bench.source(size.peer_events)
    pipes, found = [], []
    for name, mover in movers.items():
        target = bench.copy(bench.migrated(), DATABASE)
        pipes.append(bare_pipe(bench, source, target))
        if mover is not _row_by_row:
            # The others make their table themselves.
            target.execute(f"drop table {SCHEMA}.token_usage")
        else:
            target.execute(f"truncate {SCHEMA}.token_usage")
        bench.settle(target)
        seconds = _timed(mover, source, target)
        _require_rows(target, size.peer_events, name)
        bench.drop(target)
        found.append((f"{name}, {size.peer_events:,} events", seconds))
    pipe = statistics.median(pipes)
    return [Figure(GROUP, name, seconds, "s", "binary COPY pipe", pipe) for name, seconds in found]


def _nights(bench: Bench, size: Size) -> list[Figure]:
    source = bench.source(size.events)
    found = []
    for way, name in WAYS.items():
        theirs = bench.copy(bench.migrated(), DATABASE)
        seconds = _night_of_peers(source, theirs, way)
        with bench.warehouse(source) as ours:
            night = run_night()
            require_same_tokens(ours, theirs)
        bench.drop(theirs)
        title = f"our night, {size.events:,} events"
        found.append(
            Figure(GROUP, title, night.seconds, "s", f"{name}, then dbt", seconds, NIGHT_TARGET)
        )
    return found


def _night_of_peers(source: Database, target: Database, way: str) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-dbt-") as folder:
        project = Path(folder) / "project"
        write_project(project, target, SCHEMA)
        # As for ours, dbt has parsed its project on an earlier night.
        run_dbt(project, "parse")
        tables = ["token_usage", *(entity.name for entity in load_source("supabase").entities)]
        started = time.perf_counter()
        _dlt(source, target, way, tables)
        run_dbt(project, "run")
        return time.perf_counter() - started


def _timed(mover: Mover, source: Database, target: Database) -> float:
    started = time.perf_counter()
    mover(source, target)
    return time.perf_counter() - started


def _row_by_row(source: Database, target: Database) -> None:
    _run(sys.executable, PROGRAMS / "land_row_by_row.py", source.url, target.url, SCHEMA)


def _dlt(source: Database, target: Database, way: str, tables: Sequence[str] = ()) -> None:
    _run(
        PEERS_BIN / "python", PROGRAMS / "land_with_dlt.py", source.url, target.url, SCHEMA, way,
        ",".join(tables or ["token_usage"]),
    )  # fmt: skip


def _ingestr(source: Database, target: Database) -> None:
    _run(
        PEERS_BIN / "ingestr", "ingest", "--yes", "--progress=log",
        f"--source-uri={source.url}?sslmode=disable", "--source-table=public.token_usage",
        f"--dest-uri={target.url}?sslmode=disable", f"--dest-table={SCHEMA}.token_usage",
    )  # fmt: skip


def _run(program: Path | str, *arguments: Path | str) -> None:
    done = subprocess.run(
        [program, *arguments], env={**os.environ, **QUIET}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RuntimeError(f"{Path(program).name} failed:\n{said}")


def _require_rows(target: Database, events: int, name: str) -> None:
    landed = target.number(f"select count(*) from {SCHEMA}.token_usage")
    if landed != events:
        raise RuntimeError(f"{name} landed {landed:,.0f} of {events:,} rows.")


ROW_BY_ROW = "row by row through pydantic"
MOVERS: dict[str, Mover] = {
    ROW_BY_ROW: _row_by_row,
    "ingestr": _ingestr,
    WAYS["connectorx"]: lambda source, target: _dlt(source, target, "connectorx"),
    WAYS["default"]: lambda source, target: _dlt(source, target, "default"),
}
