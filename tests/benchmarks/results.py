"""Keeps figures as JSON, group by group, each with when and on what it was measured."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.figures import Figure


@dataclass(frozen=True)
class Measured:
    """The figures of one group, and the circumstances in which they were taken."""

    figures: tuple[Figure, ...]
    measured_at: datetime
    seconds: float
    circumstances: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return what `from_json` reads."""
        return {
            "measured_at": self.measured_at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "circumstances": self.circumstances,
            "figures": [figure.as_json() for figure in self.figures],
        }

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Measured:
        """Return the group that `as_json` wrote."""
        return cls(
            tuple(Figure.from_json(figure) for figure in entry["figures"]),
            datetime.fromisoformat(entry["measured_at"]),
            entry["seconds"],
            entry["circumstances"],
        )


Results = dict[str, Measured]


def measured_now(figures: Sequence[Figure], *, seconds: float, events: int) -> Measured:
    """Return figures with the moment, the size of the machine and how busy it was."""
    return Measured(
        tuple(figures),
        datetime.now(UTC),
        seconds,
        {
            "events": events,
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            # Our own work is one of them; what goes beyond the cores is somebody else's.
            "load": round(os.getloadavg()[1], 2),
            "python": platform.python_version(),
        },
    )


def read_results(path: Path) -> Results:
    """Return every group that a file keeps; none if there is no such file."""
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: Measured.from_json(entry) for name, entry in content["groups"].items()}


def merged(known: Results, new: Results, order: Sequence[str]) -> Results:
    """Return what is known with the new groups in place of their former figures, in an order.

    Groups that the order does not name any more are left out.
    """
    found = {**known, **new}
    return {name: found[name] for name in order if name in found}


def write_results(path: Path, results: Results) -> None:
    """Write the groups as JSON."""
    path.parent.mkdir(exist_ok=True)
    content = {"groups": {name: measured.as_json() for name, measured in results.items()}}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
