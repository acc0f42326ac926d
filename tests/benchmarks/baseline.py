"""What the same work costs at the least: a bare COPY pipe, and one script written by hand."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from meterr_etl.sources.registry import load_source
from tests.benchmarks.datasets import Bench, Database

SCRIPT = Path(__file__).resolve().parent / "baseline_night.sql"
SCRIPT_DATABASE = "bench_by_hand"


def bare_pipe(bench: Bench, source: Database, target: Database) -> float:
    """Pipe the events by binary COPY from psql to psql into a logged table; returns seconds."""
    columns = load_source("supabase").columns
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    target.execute(
        "create schema if not exists bench",
        "drop table if exists bench.token_usage",
        f"create table bench.token_usage ({kinds})",
    )
    return pipe(bench, source, target, "token_usage", ", ".join(columns))


def handwritten_night(bench: Bench, source: Database, target: Database) -> float:
    """Land, deduplicate, price, sum up: no gates, ledger or atomic days; returns seconds.

    Events and owners are piped like in `bare_pipe`, then one script does the rest. The target is a
    warehouse, because the script reads the same rates as the pipeline.
    """
    seconds = bare_pipe(bench, source, target)
    for entity in load_source("supabase").entities:
        kinds = ", ".join(f"{name} {kind}" for name, kind in entity.columns.items())
        target.execute(
            f"drop table if exists bench.{entity.name}",
            f"create table bench.{entity.name} ({kinds})",
        )
        seconds += pipe(bench, source, target, entity.name, ", ".join(entity.columns))
    started = time.perf_counter()
    command = [*psql(bench, target), "-f", str(SCRIPT)]
    subprocess.run(command, check=True, env=environment(target), stdout=subprocess.DEVNULL)
    return seconds + time.perf_counter() - started


def pipe(bench: Bench, source: Database, target: Database, table: str, columns: str) -> float:
    """Pipe columns of one table of the source into schema `bench`; returns seconds."""
    read = f"copy (select {columns} from public.{table}) to stdout (format binary)"
    write = f"copy bench.{table} from stdin (format binary)"
    started = time.perf_counter()
    with subprocess.Popen(
        [*psql(bench, source), "-c", read], stdout=subprocess.PIPE, env=environment(source)
    ) as reader:
        subprocess.run(
            [*psql(bench, target), "-c", write],
            stdin=reader.stdout, stdout=subprocess.DEVNULL, check=True, env=environment(target),
        )  # fmt: skip
    if reader.returncode:
        raise subprocess.CalledProcessError(reader.returncode, "psql")
    return time.perf_counter() - started


def psql(bench: Bench, database: Database) -> list[str]:
    """Return the command that opens a database with the server's own psql."""
    parts = urlsplit(database.url)
    return [
        str(bench.server.bin("psql")), "-X", "-v", "ON_ERROR_STOP=1", "-h", str(parts.hostname),
        "-p", str(parts.port), "-U", str(parts.username), "-d", parts.path[1:],
    ]  # fmt: skip


def environment(database: Database) -> dict[str, str]:
    """Return the variables that psql needs."""
    password = unquote(urlsplit(database.url).password or "")
    options = "-c timezone=UTC -c client_min_messages=warning"
    return {"PGPASSWORD": password, "PGOPTIONS": options}
