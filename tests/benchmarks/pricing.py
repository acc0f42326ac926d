"""Pricing a day against a bare grouping of its events, and re-rating days against building them.

What is re-rated are days of which one model got a price: an alias was added, and `meterr reprice`
rebuilds and publishes them, all in one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from meterr_etl.contract.columns import LEAVES
from tests.benchmarks.datasets import DAY, Bench, Database, say
from tests.benchmarks.figures import Figure
from tests.benchmarks.nights import run_night, warm_up
from tests.benchmarks.sizes import Size

GROUP = "pricing"
METERR = Path(sys.executable).with_name("meterr")
UNKNOWN, MEANT = ("vllm", "atlas-7b-instruct"), "openai/gpt-4o-mini"
# What any cube of the day must do at least: its owners and kinds of call, each quantity summed up.
BARE = (
    "create unlogged table bench_bare as select event_date, owner_key, sku_key, {sums}"
    " from staging.token_events where event_date = '{day}'"
    " group by event_date, owner_key, sku_key"
)
TRANSFORM = (
    "select (s.metrics ->> 'dbt_s')::numeric from ops.run_steps as s"
    " inner join ops.runs as r on s.run_id = r.run_id"
    " where s.step = 'transform' and r.kind = %s order by s.started_at desc limit 1"
)
ALIAS = ("prices", "alias", *UNKNOWN, MEANT, "--reason=benchmark")


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Build the days, group one of them, let a price change, and re-rate them."""
    warm_up(bench)
    first = DAY - timedelta(days=size.rerated_days - 1)
    days = [first + timedelta(days=number) for number in range(size.rerated_days)]
    source = bench.source(size.events, day=first, days=len(days))
    with bench.warehouse(source) as warehouse:
        say(f"building {len(days)} days")
        built = sum(run_night(day=day).seconds for day in days)
        priced = warehouse.number(TRANSFORM, "window")
        bench.settle(warehouse)
        bare = _bare(warehouse, days[-1])
        _meterr(*ALIAS)
        say("re-rating them")
        rerated = _meterr("reprice", f"--from={days[0]}", f"--to={days[-1]}")
        _require_rerated(warehouse, len(days))
    bench.drop(source)
    label = f"{size.events:,} events"
    return [
        Figure(
            GROUP, f"a day of {label} to all its marts", priced, "s", "select … group by", bare
        ),
        Figure(
            GROUP, f"re-rating {len(days)} days of {label}", rerated, "s",
            "building them", built, 0.1,
        ),
    ]  # fmt: skip


def _bare(warehouse: Database, day: date) -> float:
    sums = ", ".join(f"sum({column}) as {column}" for _, column in LEAVES)
    started = time.perf_counter()
    warehouse.execute(BARE.format(sums=sums, day=day))
    return time.perf_counter() - started


def _meterr(*arguments: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [METERR, *arguments], check=False, capture_output=True, text=True, env=os.environ
    )
    if done.returncode != 0:
        raise RuntimeError("\n".join([*arguments, *done.stderr.splitlines()[-30:]]))
    return time.perf_counter() - started


def _require_rerated(warehouse: Database, days: int) -> None:
    query = "select count(*) from ops.run_days as d inner join ops.runs as r using (run_id)"
    rerated = warehouse.number(f"{query} where r.kind = 'reprice' and r.status = 'published'")
    if rerated != days:
        raise RuntimeError(f"{rerated:.0f} of {days} days were re-rated.")
