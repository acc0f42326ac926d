"""Bytes per event of one published night, with indexes, against the source's heap; as Parquet too.

Landing is weighed behind an extract, everything else behind the publish. The Parquet file holds
every column of the published events and their tags, sorted, in the peers' environment.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.baseline import environment, psql
from tests.benchmarks.datasets import Bench, Database
from tests.benchmarks.figures import Figure, not_measured
from tests.benchmarks.nights import run_night
from tests.benchmarks.peer_programs.environment import PEERS_PYTHON, WHY_NOT, is_installed
from tests.benchmarks.sizes import Size

GROUP = "storage"
TABLES_OF = (
    "select coalesce(sum(pg_total_relation_size(c.oid)), 0) from pg_class as c"
    " where c.relnamespace = '{schema}'::regnamespace and c.relkind = 'r'"
)
EVENTS = "select sum(pg_total_relation_size(relid)) from pg_partition_tree('staging.token_events')"
INDEXES = (
    "select sum(pg_indexes_size(relid)) from pg_partition_tree('staging.token_events') where isleaf"
)
# Keys of our own that repeat what other columns say.
TYPES = (
    "select attname, format_type(atttypid, null) from pg_attribute"
    " where attrelid = 'staging.published_events'::regclass and attnum > 0"
    " and attname not in ('owner_key', 'sku_key', 'tag_key') order by attnum"
)
# In the order in which a reader asks: one tenant's days, and equal values side by side.
EXPORT = (
    "copy (select {columns}, t.tags from staging.published_events as e"
    " left join staging.tag_sets as t on e.tag_key = t.tag_key"
    " order by e.tenant_id, e.project_id, e.user_id, e.api_key_id, e.model, e.event_at)"
    " to stdout (format csv, header)"
)


def figures(bench: Bench, size: Size) -> list[Figure]:
    """Weigh what one night leaves."""
    source = bench.source(size.events)
    heap = source.number("select pg_relation_size('public.token_usage')") / size.events
    with bench.warehouse(source) as warehouse:
        run_night("--until=extract")
        landing = warehouse.number(TABLES_OF.format(schema="landing"))
    with bench.warehouse(source) as warehouse:
        before = warehouse.number(TABLES_OF.format(schema="staging"))
        run_night()
        bench.settle(warehouse)
        weighed = dict(_weighed(warehouse, before))
        parquet = _parquet(bench, warehouse, size.events, heap)

    def figure(name: str, bytes_: float, target: float | None = None) -> Figure:
        return Figure(GROUP, name, bytes_ / size.events, "B", "source heap", heap, target)

    targets = {"staged event, indexes included": 0.45}
    return [
        figure("landed event", landing),
        *(figure(name, bytes_, targets.get(name)) for name, bytes_ in weighed.items()),
        parquet,
    ]


def _weighed(warehouse: Database, before: float) -> Iterator[tuple[str, float]]:
    staged, staging = warehouse.number(EVENTS), warehouse.number(TABLES_OF.format(schema="staging"))
    yield "staged event, indexes included", staged
    yield "indexes of it", warehouse.number(INDEXES)
    yield "owners, kinds of call, tags", staging - before - staged
    yield "marts", warehouse.number(TABLES_OF.format(schema="marts"))


def _parquet(bench: Bench, warehouse: Database, events: int, heap: float) -> Figure:
    name = "published event as Parquet, all columns"
    if not is_installed():
        return not_measured(GROUP, name, "B", WHY_NOT)
    with tempfile.TemporaryDirectory() as folder:
        csv, file = Path(folder) / "events.csv", Path(folder) / "events.parquet"
        with csv.open("wb") as output:
            columns = ", ".join(f"e.{column}" for column, _ in warehouse.rows(TYPES))
            export = EXPORT.format(columns=columns)
            command = [*psql(bench, warehouse), "-q", "-c", export]
            subprocess.run(command, stdout=output, check=True, env=environment(warehouse))
        script = Path(__file__).resolve().parent / "peer_programs" / "write_parquet.py"
        types = json.dumps(dict(warehouse.rows(TYPES)))
        subprocess.run([PEERS_PYTHON, script, csv, file, types], check=True)
        size = file.stat().st_size
    return Figure(GROUP, name, size / events, "B", "source heap", heap, 0.15)
