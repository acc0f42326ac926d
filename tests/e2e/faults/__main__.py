"""`python -m tests.e2e.faults`: plays seeded histories and says what came of each.

`--first N --count N` choose the seeds, `--seed N` plays one of them and tells its story.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("METERR_HOME", tempfile.mkdtemp(prefix="meterr-faults-home-"))

from tests.e2e.faults import process
from tests.e2e.faults.history import play
from tests.e2e.faults.kinds import KINDS
from tests.e2e.faults.mutants import MUTANTS
from tests.e2e.faults.process import import_everything
from tests.e2e.faults.server import FaultServer
from tests.e2e.faults.without_tools import (
    RecordedBuild,
    record_build,
    run_with_tools,
    run_without_tools,
)

WITH_TOOLS_EVERY = 26
HISTORY_S = 300


def kind_of(seed: int) -> str:
    """Return what befalls the history of a seed."""
    return list(KINDS)[seed % len(KINDS)]


def main() -> int:
    chosen = _arguments()
    seeds = range(chosen.first, chosen.first + chosen.count)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    import_everything()
    server = FaultServer()
    try:
        server.start()
        build = record_build(server)
        mutate = MUTANTS.get(chosen.mutant)
        is_single = chosen.seed is not None
        told = []
        for seed in [chosen.seed] if is_single else seeds:
            told.append(play_and_tell(server, seed, build, story=is_single, mutate=mutate))
            if mutate and told[-1]["problems"]:
                break
    finally:
        server.stop()
    if chosen.summary:
        print(json.dumps(summary(told), indent=1))
    return 1 if any(history["problems"] for history in told) else 0


def play_and_tell(
    server: FaultServer,
    seed: int,
    build: RecordedBuild,
    *,
    story: bool,
    mutate: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Play one history and print its outcome as a line of JSON."""
    started, kind = time.monotonic(), kind_of(seed)
    with_tools = seed % WITH_TOOLS_EVERY == 0
    run_with_tools() if with_tools else run_without_tools(build)
    if mutate:
        process.BEFORE_WORK.append(mutate)
    told: dict[str, Any] = {"seed": seed, "kind": kind, "with_tools": with_tools}
    try:
        with at_most(HISTORY_S):
            world = play(server, seed, kind)
    except Exception:  # noqa: BLE001 - a defect of the harness is a failed history too
        told |= {"problems": [traceback.format_exc()]}
    else:
        told |= {"problems": world.problems, "reads": world.reads, "nights": world.nights,
                 "recovery_s": round(world.recovery_s, 3)}  # fmt: skip
        if story or world.problems:
            told["story"] = world.told
    told["seconds"] = round(time.monotonic() - started, 3)
    print(json.dumps(told, default=str, indent=1 if story else None), flush=True)
    return told


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, wherever it waits."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"the history took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def summary(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return histories, faults by kind, the seeds that failed, and the worst recovery."""
    recoveries = [(history.get("recovery_s", 0), history["seed"]) for history in told]
    return {
        "histories": len(told),
        "by kind": dict(Counter(history["kind"] for history in told)),
        "nights": sum(history.get("nights", 0) for history in told),
        "reads in one snapshot": sum(history.get("reads", 0) for history in told),
        "failed seeds": [history["seed"] for history in told if history["problems"]],
        "worst recovery in seconds, and its seed": max(recoveries, default=None),
        "seconds": round(sum(history["seconds"] for history in told), 1),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seed", type=int, help="only this one, with its story")
    parser.add_argument("--mutant", choices=MUTANTS, help="break this safeguard, until caught")
    parser.add_argument("--summary", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
