"""Seeded histories, each with a fault: every one converges to what its source says.

A failure names its seed; `python -m tests.e2e.faults --seed N` plays that history again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from meterr_etl.settings import PROJECT_ROOT
from tests.e2e.faults.kinds import KINDS

HISTORIES = 204
LANES = 2


@pytest.fixture(scope="module")
def histories() -> list[dict[str, Any]]:
    """What came of all of them, played by two processes with a server each."""
    share = HISTORIES // LANES
    lanes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.faults", "--first", str(n * share),
             "--count", str(share)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=PROJECT_ROOT,
        )
        for n in range(LANES)
    ]  # fmt: skip
    said = [lane.communicate()[0] for lane in lanes]
    return [json.loads(line) for text in said for line in text.splitlines()]


@pytest.mark.timeout(1800)
def test_two_hundred_histories_are_played(histories: list[dict[str, Any]]) -> None:
    assert sorted(history["seed"] for history in histories) == list(range(HISTORIES))
    assert Counter(history["kind"] for history in histories) == dict.fromkeys(
        KINDS, HISTORIES // len(KINDS)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(1800)
def test_history_converges_whatever_befell(histories: list[dict[str, Any]], kind: str) -> None:
    failed = {
        history["seed"]: history["problems"]
        for history in histories
        if history["kind"] == kind and history["problems"]
    }
    assert failed == {}


@pytest.mark.timeout(1800)
def test_some_histories_of_all_run_with_dbt_and_great_expectations(
    histories: list[dict[str, Any]],
) -> None:
    assert sum(history["with_tools"] for history in histories) >= 8
