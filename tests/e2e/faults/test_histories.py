"""Seeded histories, each with a fault: every one converges to what its source says.

A failure names its seed; `python -m tests.e2e.faults --seed N` plays that history again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from meterr_etl.settings import PROJECT_ROOT
from tests.e2e.faults.kinds import KINDS

HISTORIES = 204
LANES = 2
# Ten minutes on two quiet processors, several times that where others are at work on them too.
pytestmark = pytest.mark.timeout(2700)


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What came of all of them, played by two processes with a server each."""
    share = HISTORIES // LANES
    folder = tmp_path_factory.mktemp("lanes")
    with ExitStack() as started:
        lanes = [started.enter_context(_lane(folder, n * share, share)) for n in range(LANES)]
        for lane in lanes:
            lane.wait()
    told = [path.read_text().splitlines() for path in sorted(folder.glob("*.told"))]
    if any(len(lines) != share for lines in told):
        said = "\n".join(path.read_text()[-5000:] for path in sorted(folder.glob("*.said")))
        pytest.fail(f"a lane ended before its last history:\n{said}")
    return [json.loads(line) for lines in told for line in lines]


@contextmanager
def _lane(folder: Path, first: int, count: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.e2e.faults", "--first", str(first), "--count",
               str(count)]  # fmt: skip
    with (
        (folder / f"{first}.told").open("wb") as told,
        (folder / f"{first}.said").open("wb") as said,
        subprocess.Popen(command, stdout=told, stderr=said, cwd=PROJECT_ROOT) as lane,
    ):
        try:
            yield lane
        finally:
            # When the test is over, in whatever way, its lanes and their servers are too.
            lane.terminate()


def test_two_hundred_histories_are_played(histories: list[dict[str, Any]]) -> None:
    assert sorted(history["seed"] for history in histories) == list(range(HISTORIES))
    assert Counter(history["kind"] for history in histories) == dict.fromkeys(
        KINDS, HISTORIES // len(KINDS)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_history_converges_whatever_befell(histories: list[dict[str, Any]], kind: str) -> None:
    failed = {
        history["seed"]: history["problems"]
        for history in histories
        if history["kind"] == kind and history["problems"]
    }
    assert failed == {}


def test_some_histories_of_all_run_with_dbt_and_great_expectations(
    histories: list[dict[str, Any]],
) -> None:
    assert sum(history["with_tools"] for history in histories) >= 8
