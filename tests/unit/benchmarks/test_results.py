"""A run of some groups replaces their figures and no others; the documents show what is kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import DOCUMENT, known_results
from tests.benchmarks.chart import chart, place
from tests.benchmarks.figures import Figure, not_measured
from tests.benchmarks.groups import GROUPS, chosen
from tests.benchmarks.results import Measured, merged, read_results, write_results
from tests.benchmarks.sizes import FULL
from tests.benchmarks.tables import BEGIN, END, markdown, replaced

ORDER = ("move", "night", "storage")


def measured(group: str, value: float, day: int = 1) -> Measured:
    return Measured(
        (Figure(group, "a | b", value, "s", "pipe", 2.0, 1.3),),
        datetime(2026, 11, day, tzinfo=UTC),
        12.0,
        {"cores": 2, "memory_gb": 23.5},
    )


def test_new_groups_replace_their_former_figures_and_leave_the_others():
    known = {"night": measured("night", 5), "move": measured("move", 4)}
    result = merged(known, {"move": measured("move", 2, day=2)}, ORDER)
    assert list(result) == ["move", "night"]
    assert result["move"].figures[0].value == 2
    assert result["move"].measured_at.day == 2
    assert result["night"] == known["night"]


def test_a_group_that_is_no_more_is_forgotten():
    assert merged({"gone": measured("gone", 1)}, {}, ORDER) == {}


def test_results_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "results" / "full.json"
    assert read_results(path) == {}
    write_results(path, {"move": measured("move", 2)})
    assert read_results(path) == {"move": measured("move", 2)}


def test_a_trial_shrinks_every_count_of_events_and_never_passes_for_a_measurement():
    trial = FULL.scaled_to(20_000)
    assert (trial.name, trial.events, trial.large_events) == ("trial", 20_000, 80_000)
    assert trial.backfill_events_per_day == 2_000
    assert trial.history_days == FULL.history_days[:2]
    assert trial.results != FULL.results


def test_groups_are_chosen_by_name_in_their_own_order():
    assert [group.name for group in chosen("night,move", quick=True)] == ["move", "night"]
    assert chosen(None, quick=False) == GROUPS
    assert 0 < len(chosen(None, quick=True)) < len(GROUPS)
    with pytest.raises(ValueError, match=r"no such group: nosuch; there are move, night"):
        chosen("move,nosuch", quick=False)


def test_every_group_is_a_module_that_says_what_it_measures():
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    for group in GROUPS:
        text = (folder / f"{group.name}.py").read_text(encoding="utf-8")
        assert text.startswith('"""'), group.name
        assert re.search(r"^def figures\(bench: Bench, size: Size\)", text, re.MULTILINE)


def test_the_table_says_when_and_on_what_and_keeps_its_cells_apart():
    table = markdown({"move": measured("move", 2.2)})
    assert table.startswith("Measured on 2026-11-01; 2 cores, 24 GB.\n\n| group |")
    assert r"| move | a \| b | 2.20 s | pipe, 2.00 s | 1.10 | ≤ 1.3 met |" in table


def test_without_figures_the_document_says_so():
    assert markdown({}) == "Nothing is measured yet: `make bench`.\n"


def test_a_table_replaces_what_stands_between_the_markers_and_nothing_else():
    assert replaced(f"a\n{BEGIN}\nold\n{END}\nb\n", "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    with pytest.raises(ValueError, match="lacks"):
        replaced("a\n", "new\n")


def test_the_chart_draws_what_has_a_ratio_and_marks_its_target():
    results = {
        "move": measured("move", 2.2),
        "peers": Measured(
            (not_measured("peers", "dlt", "s", "not installed"),), datetime.now(UTC), 0
        ),
    }
    drawn = chart(results)
    assert drawn.count("<rect") == 2
    assert "move: a | b ÷ pipe" in drawn
    assert place(0.01) < place(1) < place(1.3) < place(1000) == place(100)


def test_the_document_shows_the_figures_that_are_kept():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert replaced(document, markdown(read_results(known_results()))) == document, (
        "figures changed: run `python -m tests.benchmarks --write`"
    )
