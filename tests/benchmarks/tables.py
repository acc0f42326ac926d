"""Figures as a person reads them: a table on the terminal, and one for a document."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Figure
from tests.benchmarks.results import Results

HEADINGS = ("group", "figure", "value", "baseline", "ratio", "target")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    """Return the cells of one figure, in the order of the headings."""
    value = figure.note or "not measured"
    if figure.value is not None:
        value = amount(figure.value, figure.unit) + (f" ({figure.note})" if figure.note else "")
    baseline = figure.baseline_name or ""
    if figure.baseline is not None:
        baseline = f"{baseline}, {amount(figure.baseline, figure.unit)}".removeprefix(", ")
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    return figure.group, figure.name, value, baseline, ratio, target(figure)


def target(figure: Figure) -> str:
    """Return the bound of the ratio and whether it holds."""
    if figure.target is None:
        return figure.verdict
    return f"{'≥' if figure.is_floor else '≤'} {figure.target:g} {figure.verdict}"


def amount(value: float, unit: str) -> str:
    """Return a value with the digits that count, and its unit."""
    bounds = ((100, 0), (10, 1), (0.1, 2), (0.01, 3))
    digits = next((digits for bound, digits in bounds if abs(value) >= bound), 4)
    return f"{value:,.{digits}f} {unit}".rstrip()


def print_figures(figures: Iterable[Figure], title: str) -> None:
    """Print a table of the figures."""
    table = Table(title=title)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in {"value", "ratio"} else "left")
    for figure in figures:
        colour = {"met": "green", "missed": "red", "not measured": "yellow"}.get(figure.verdict)
        table.add_row(*row(figure), style=colour)
    Console(width=150).print(table)


def markdown(results: Results) -> str:
    """Return the figures as a Markdown table below a line that says when and on what."""
    if not results:
        return "Nothing is measured yet: `make bench`.\n"
    lines = [_circumstances(results), "", _line(HEADINGS), _line("---" for _ in HEADINGS)]
    for measured in results.values():
        lines += [_line(row(figure)) for figure in measured.figures]
    return "\n".join(lines) + "\n"


def replaced(document: str, table: str) -> str:
    """Return a document with the table between its two markers.

    Raises:
        ValueError: the document has not both markers.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{table}{END}{after}"


def _circumstances(results: Results) -> str:
    days = sorted({f"{measured.measured_at:%Y-%m-%d}" for measured in results.values()})
    machines = sorted(
        {
            f"{measured.circumstances.get('cores')} cores,"
            f" {measured.circumstances.get('memory_gb', 0):.0f} GB"
            for measured in results.values()
        }
    )
    return f"Measured on {', '.join(days)}; {'; '.join(machines)}."


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
