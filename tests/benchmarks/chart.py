"""Draws each figure's ratio to its baseline as a bar beside its target, as one SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.results import Results

WIDTH, LABELS, BARS, ROW, TOP = 1180, 620, 360, 20, 46
# A logarithmic axis: one tenth and ten times are equally far from the baseline.
LEAST, MOST = 0.01, 100.0
TITLE = (
    "Ratio to the baseline of the same run (logarithmic); the mark is the target:"
    " green met, red missed, grey none"
)
COLOURS = {"met": "#2e7d32", "missed": "#c62828", "": "#607d8b"}


def write_chart(path: Path, results: Results) -> None:
    """Write the chart of all figures that have a ratio."""
    path.write_text(chart(results), encoding="utf-8")


def chart(results: Results) -> str:
    """Return the SVG."""
    figures = [
        figure
        for measured in results.values()
        for figure in measured.figures
        if figure.ratio is not None
    ]
    height = TOP + ROW * len(figures) + 10
    parts = [part for number, figure in enumerate(figures) for part in _bar(figure, number)]
    size = f'width="{WIDTH}" height="{height}"'
    font = 'font-family="sans-serif" font-size="12"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>',
            f'<rect {size} fill="white"/>',
            f'<text x="8" y="18" font-size="14">{TITLE}</text>',
            *_axis(height),
            *parts,
            "</svg>\n",
        ]
    )


def place(ratio: float) -> float:
    """Return where on the axis a ratio stands, in pixels; what lies outside stands at its end."""
    inside = min(max(ratio, LEAST), MOST)
    return LABELS + BARS * math.log(inside / LEAST) / math.log(MOST / LEAST)


def _axis(height: int) -> Iterator[str]:
    for ratio in (0.01, 0.1, 1, 10, 100):
        x, width = place(ratio), 1.5 if ratio == 1 else 0.5
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 8}" stroke="#999"'
            f' stroke-width="{width}"/>'
        )
        yield f'<text x="{x:.1f}" y="{TOP - 10}" text-anchor="middle">{ratio:g}</text>'


def _bar(figure: Figure, number: int) -> Iterator[str]:
    ratio = figure.ratio or 0.0
    y, start, end = TOP + ROW * number, place(1), place(ratio)
    label = f"{figure.group}: {figure.name} ÷ {figure.baseline_name or 'baseline'}"
    yield f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>'
    yield (
        f'<rect x="{min(start, end):.1f}" y="{y + 4}" width="{max(abs(end - start), 1):.1f}"'
        f' height="{ROW - 8}" fill="{COLOURS[figure.verdict]}"/>'
    )
    if figure.target is not None:
        x = place(figure.target)
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 1}" y2="{y + ROW - 1}" stroke="black"'
            ' stroke-width="2"/>'
        )
    yield f'<text x="{LABELS + BARS + 10}" y="{y + 14}">{ratio:.2f}  {figure.verdict}</text>'
