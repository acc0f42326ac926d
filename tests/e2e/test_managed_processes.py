"""Processes that outlive the command that started them are found again and stopped whole."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from meterr_etl.local.airflow_processes import ManagedProcess

# What Airflow's scheduler does: a child in a process group of its own, and one more below it.
FAMILY = """
import os, subprocess, sys, time
child = "import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(600)"
started = subprocess.Popen([sys.executable, "-c", child])
print(os.getpid(), flush=True)
{then}
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], ManagedProcess]]:
    """Starts a process with a child, and ends whatever the test leaves."""
    process = ManagedProcess("worker", tmp_path / "run", tmp_path / "worker.log")

    def run(then: str) -> ManagedProcess:
        process.start([sys.executable, "-c", FAMILY.format(then=then)], {}, tmp_path)
        return process

    yield run
    process.stop(grace_s=0)


def family(process: ManagedProcess) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pids = [int(line) for line in process.last_lines().split() if line.isdigit()]
        if len(pids) == 2:
            return pids
        time.sleep(0.05)
    pytest.fail(f"the processes did not start: {process.last_lines()}")


def living(pids: list[int]) -> list[int]:
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def again(process: ManagedProcess) -> ManagedProcess:
    """The same process as a later command knows it: by its files alone."""
    return ManagedProcess(process.name, process.run_folder, process.log)


def test_a_later_command_stops_a_process_and_all_that_it_forked(start) -> None:
    process = start("time.sleep(600)")
    pids = family(process)
    assert again(process).is_running()
    again(process).stop(grace_s=10)
    assert living(pids) == []
    assert not again(process).is_running()
    assert not process.pid_file.exists()


def test_a_process_that_ignores_being_asked_is_ended_after_its_time(start) -> None:
    process = start(f"{STUBBORN}; print('deaf', flush=True); time.sleep(600)")
    pids = family(process)
    while "deaf" not in process.last_lines():
        time.sleep(0.05)
    began = time.monotonic()
    process.stop(grace_s=0.5)
    assert 0.5 <= time.monotonic() - began < 10
    assert living(pids) == []


def test_orphans_of_a_process_that_died_are_ended_too(start) -> None:
    process = start("os._exit(1)")
    pids = family(process)
    while process.is_running():
        time.sleep(0.05)
    assert len(living(pids)) == 1
    again(process).stop(grace_s=10)
    assert living(pids) == []


def test_a_number_that_another_program_has_now_is_left_alone(start, tmp_path: Path) -> None:
    process = start("time.sleep(600)")
    pids = family(process)
    record = json.loads(process.pid_file.read_text())
    stale = ManagedProcess("stale", tmp_path / "run", tmp_path / "stale.log")
    stale.pid_file.write_text(json.dumps({**record, "create_time": record["create_time"] - 60}))
    assert not stale.is_running()
    stale.stop(grace_s=0)
    assert sorted(living(pids)) == sorted(pids)


def test_stopping_what_was_never_started_does_nothing(tmp_path: Path) -> None:
    process = ManagedProcess("none", tmp_path / "run", tmp_path / "none.log")
    assert not process.is_running()
    process.stop(grace_s=0)


def test_the_log_says_why_a_process_died(start) -> None:
    process = start("raise SystemExit('port 8080 is taken')")
    while process.is_running():
        time.sleep(0.05)
    assert "port 8080 is taken" in process.last_lines()
