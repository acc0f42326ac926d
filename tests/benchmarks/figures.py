"""Figures of a benchmark: a value, the baseline of the same run, their ratio, and the target."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

RESULTS_FOLDER = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured value; `target` is the greatest ratio to the baseline that we aim at."""

    group: str
    name: str
    value: float
    unit: str
    baseline_name: str | None = None
    baseline: float | None = None
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """Value by baseline, None without one."""
        return self.value / self.baseline if self.baseline else None

    @property
    def meets_target(self) -> bool | None:
        """Whether the ratio is within the target; None where there is nothing to compare."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio <= self.target


def print_figures(figures: list[Figure], title: str) -> None:
    """Print a table of the figures."""
    table = Table(title=title)
    for heading in ("", "figure", "value", "baseline", "", "ratio", "target"):
        table.add_column(
            heading, justify="right" if heading in {"value", "baseline", "ratio"} else "left"
        )
    for figure in figures:
        verdict = {True: "met", False: "missed", None: ""}[figure.meets_target]
        table.add_row(
            figure.group,
            figure.name,
            f"{figure.value:,.2f} {figure.unit}",
            f"{figure.baseline:,.2f} {figure.unit}" if figure.baseline is not None else "",
            figure.baseline_name or "",
            f"{figure.ratio:.2f}" if figure.ratio is not None else "",
            f"≤ {figure.target:g} {verdict}" if figure.target is not None else "",
        )
    Console(width=130).print(table)


def write_figures(figures: list[Figure], name: str, facts: dict[str, object]) -> Path:
    """Write the figures, the machine's size and the given facts as JSON; returns the file."""
    RESULTS_FOLDER.mkdir(exist_ok=True)
    path = RESULTS_FOLDER / f"{name}.json"
    content = {
        "name": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "load_before": round(os.getloadavg()[2], 2),
            "python": platform.python_version(),
        },
        "facts": facts,
        "figures": [
            {**asdict(figure), "ratio": figure.ratio, "meets_target": figure.meets_target}
            for figure in figures
        ],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path
