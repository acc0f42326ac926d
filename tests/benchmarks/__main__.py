"""`python -m tests.benchmarks`: measures, prints, and keeps the figures as JSON and as a chart."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from pathlib import Path

from tests.benchmarks.chart import write_chart
from tests.benchmarks.datasets import Bench, running_bench, say
from tests.benchmarks.groups import GROUPS, Group, chosen
from tests.benchmarks.results import measured_now, merged, read_results, write_results
from tests.benchmarks.sizes import FULL, QUICK, Size
from tests.benchmarks.tables import markdown, print_figures, replaced

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "ARCHITECTURE.md"
ORDER = tuple(group.name for group in GROUPS)


def main() -> int:
    """Do what the command line asks; returns 1 if a group failed."""
    options = _parser().parse_args()
    size = QUICK if options.quick else FULL
    if options.markdown or options.write:
        return _show(options.write)
    try:
        groups = chosen(options.only, quick=options.quick)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if options.events:
        size = size.scaled_to(options.events)
    # As an exit, so that a benchmark that is ended stops what it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with running_bench() as bench:
        failed = [group.name for group in groups if not _measure(group, bench, size)]
    _finish(size, groups)
    if failed:
        say(f"failed, their former figures stand: {', '.join(failed)}")
    return 1 if failed else 0


def known_results() -> Path:
    """Return the file of the figures that the documents show: the full ones once there are any."""
    return FULL.results if FULL.results.exists() else QUICK.results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="in less than three minutes")
    parser.add_argument("--only", metavar="GROUPS", help=f"some of {','.join(ORDER)}")
    parser.add_argument("--events", type=int, help="a trial of so many events, kept as trial.json")
    parser.add_argument("--markdown", action="store_true", help="print the table, measure nothing")
    parser.add_argument("--write", action="store_true", help=f"put it into {DOCUMENT.name}")
    return parser


def _measure(group: Group, bench: Bench, size: Size) -> bool:
    say(f"measuring {group.name}")
    started = time.perf_counter()
    try:
        figures = group.measure(bench, size)
    except Exception:  # noqa: BLE001 - one group's failure loses no other's figures
        traceback.print_exc()
        return False
    seconds = time.perf_counter() - started
    print_figures(figures, f"{group.name}, {size.name}: {seconds:.0f} s")
    # Written group by group, so that nothing that comes later can lose it.
    new = {group.name: measured_now(figures, seconds=seconds, events=size.events)}
    write_results(size.results, merged(read_results(size.results), new, ORDER))
    return True


def _finish(size: Size, groups: tuple[Group, ...]) -> None:
    results = read_results(size.results)
    shown = [
        figure
        for group in groups
        if group.name in results
        for figure in results[group.name].figures
    ]
    print_figures(shown, f"all groups, {size.name}")
    chart = size.results.with_suffix(".svg")
    write_chart(chart, results)
    say(f"written to {size.results.relative_to(ROOT)} and {chart.name}")


def _show(write: bool) -> int:
    table = markdown(read_results(known_results()))
    if write:
        DOCUMENT.write_text(replaced(DOCUMENT.read_text(encoding="utf-8"), table), encoding="utf-8")
    else:
        print(table, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
