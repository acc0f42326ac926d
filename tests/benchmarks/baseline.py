"""What the same work costs at the least: a bare COPY pipe, and one script written by hand."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from meterr_etl.sources.registry import load_source
from tests.benchmarks.datasets import Bench

SCRIPT = Path(__file__).resolve().parent / "baseline_night.sql"


def bare_pipe(bench: Bench) -> float:
    """Pipe the events by binary COPY from psql to psql into a logged table; returns seconds."""
    columns = load_source("supabase").columns
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    _execute(bench, f"create schema if not exists bench; drop table if exists bench.token_usage;"
                    f"create table bench.token_usage ({kinds})")  # fmt: skip
    started = time.perf_counter()
    _pipe(bench, "token_usage", ", ".join(columns))
    return time.perf_counter() - started


def handwritten_night(bench: Bench) -> float:
    """Land, deduplicate, price, sum up: no gates, ledger or atomic days; returns seconds.

    Events and owners are piped like in `bare_pipe`, then one script does the rest.
    """
    seconds = bare_pipe(bench)
    for entity in load_source("supabase").entities:
        kinds = ", ".join(f"{name} {kind}" for name, kind in entity.columns.items())
        _execute(bench, f"drop table if exists bench.{entity.name};"
                        f"create table bench.{entity.name} ({kinds})")  # fmt: skip
        started = time.perf_counter()
        _pipe(bench, entity.name, ", ".join(entity.columns))
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    command = [*_psql(bench, bench.warehouse_url), "-f", str(SCRIPT)]
    subprocess.run(command, check=True, env=_environment(bench), stdout=subprocess.DEVNULL)
    return seconds + time.perf_counter() - started


def _pipe(bench: Bench, table: str, columns: str) -> None:
    read = f"copy (select {columns} from public.{table}) to stdout (format binary)"
    write = f"copy bench.{table} from stdin (format binary)"
    environment = _environment(bench)
    with subprocess.Popen(
        [*_psql(bench, bench.source_url), "-c", read], stdout=subprocess.PIPE, env=environment
    ) as reader:
        subprocess.run(
            [*_psql(bench, bench.warehouse_url), "-c", write],
            stdin=reader.stdout, stdout=subprocess.DEVNULL, check=True, env=environment,
        )  # fmt: skip
    if reader.returncode:
        raise subprocess.CalledProcessError(reader.returncode, "psql")


def _execute(bench: Bench, statements: str) -> None:
    command = [*_psql(bench, bench.warehouse_url), "-q", "-c", statements]
    subprocess.run(command, check=True, env=_environment(bench), stderr=subprocess.DEVNULL)


def _psql(bench: Bench, url: str) -> list[str]:
    parts = urlsplit(url)
    return [
        str(bench.server.bin("psql")), "-X", "-v", "ON_ERROR_STOP=1", "-h", str(parts.hostname),
        "-p", str(parts.port), "-U", str(parts.username), "-d", parts.path[1:],
    ]  # fmt: skip


def _environment(bench: Bench) -> dict[str, str]:
    password = unquote(urlsplit(bench.source_url).password or "")
    options = "-c timezone=UTC -c client_min_messages=warning"
    return {"PGPASSWORD": password, "PGOPTIONS": options}
