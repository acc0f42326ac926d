"""What ARCHITECTURE.md tells analysts to ask, asked as it stands, of thirty million events.

The history ends on 14 November and its models are invented, so a day of the text and a model of it
are replaced by theirs; nothing else. Readers are tenants from the largest to the smallest. Aims of
milliseconds are for what roll-ups answer: a question that names a fact, or a view over one, reads
as many lines as it asks for. `results/plans.txt` has the plan of each as the largest tenant.
"""

from __future__ import annotations

import re
from typing import LiteralString, cast

import psycopg

from tests.benchmarks.datasets import Bench, say
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import ROOT
from tests.benchmarks.queries import NIGHT, asked_figure, published_history, readers
from tests.benchmarks.questions import Question
from tests.benchmarks.sizes import RESULTS_FOLDER, Size

GROUP = "documented"
PLANS = RESULTS_FOLDER / "plans.txt"
PARTITION_SCAN = re.compile(r" +->  .* on (?P<mart>\w+)_\d{8}\b")
# What the history has in place of what the text names.
REPLACED = {"2026-11-20": "2026-11-14", "current_date": "date '2026-11-14'", "gpt-4o": "model-03"}
# Read line by line: the cube, what bears its cost, and the views that are made of them.
ON_LINES = (
    "fct_", "focus_", "savings", "cache_savings", "budget_status", "billed_costs",
    "token_events", "restatements",
)  # fmt: skip


def documented_questions(text: str) -> list[Question]:
    """Return the questions of a document: each query of its SQL blocks, named by its comment."""
    questions = []
    for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL):
        for query in filter(str.strip, block.split(";")):
            for written, meant in REPLACED.items():
                query = query.replace(written, meant)  # noqa: PLW2901 - the same query, as asked
            lines = query.strip().splitlines()
            name = " ".join(line.removeprefix("-- ") for line in lines if line.startswith("--"))
            body = "\n".join(line for line in lines if not line.startswith("--"))
            is_deep = any(f"marts.{table}" in body for table in ON_LINES)
            questions.append(Question(name, "tenant", body, on_events=is_deep))
    return questions


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Measure each documented question with one client and with eight; and write its plan."""
    found = []
    plans = []
    source = bench.source(size.backfill_events_per_day, day=NIGHT)
    with bench.warehouse(source, template=published_history(bench, size)) as warehouse:
        tenants, _ = readers(bench, warehouse)
        for question in documented_questions((ROOT / "ARCHITECTURE.md").read_text()):
            say(f"asking: {question.name}")
            plans.append(f"-- {question.name}\n{_plan(tenants[0].url, question.text)}\n")
            found.append(asked_figure(GROUP, question, tenants))
    if size.name == "full":
        PLANS.write_text("\n".join(plans))
    return found


def _plan(url: str, query: str) -> str:
    explained = cast("LiteralString", f"explain (analyze, buffers, costs off, timing off) {query}")
    with psycopg.connect(url) as connection:
        connection.execute(cast("LiteralString", query))
        return without_repeats([str(row[0]) for row in connection.execute(explained).fetchall()])


def without_repeats(plan: list[str]) -> str:
    """Return a plan with one partition of each scan, which the others repeat."""
    kept = []
    seen: set[tuple[int, str]] = set()
    skipped_below: int | None = None
    for line in plan:
        indent = len(line) - len(line.lstrip())
        if skipped_below is not None and indent > skipped_below:
            continue
        skipped_below = None
        scan = PARTITION_SCAN.match(line)
        if scan and (key := (indent, scan["mart"])) in seen:
            skipped_below = indent
            continue
        if scan:
            seen.add(key)
        kept.append(line)
    return "\n".join(kept)
