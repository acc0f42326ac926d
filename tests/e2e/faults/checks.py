"""What must hold at the end of every history, whatever befell it."""

from __future__ import annotations

from meterr_etl import pipeline
from meterr_etl.window import Window
from tests.e2e.faults.history import World, judge


def check(world: World) -> None:
    """Note in `world.problems` whatever is not as it must be."""
    world.look()
    world.problems += judge(world)[:20]
    _check_ledger(world)
    _check_restatements(world)
    _check_remains(world)


def _check_ledger(world: World) -> None:
    for run_id, read, judged in world.rows(
        "select r.run_id, (s.metrics ->> 'rows_read')::bigint, v.judged"
        " from ops.publications as r"
        " inner join ops.run_steps as s on s.run_id = r.run_id and s.step = 'extract'"
        " inner join (select run_id, sum(row_count) as judged from ops.run_verdicts"
        " group by run_id) as v on v.run_id = r.run_id"
        " where (s.metrics ->> 'rows_read')::bigint <> v.judged"
    ):
        world.problems.append(f"run {run_id} read {read} rows and judged {judged}")
    for day, told, held in world.rows(
        "select d.event_date, d.event_count, count(e.event_date) from ops.published_days as d"
        " left join staging.published_events as e on e.event_date = d.event_date"
        " group by d.event_date, d.event_count having d.event_count <> count(e.event_date)"
    ):
        world.problems.append(f"{day} holds {held} events, the ledger says {told}")
    for run_id, status, published in world.rows(
        "select r.run_id, r.status, p.run_id from ops.runs as r"
        " full join ops.publications as p on p.run_id = r.run_id"
        " where (r.status = 'published') <> (p.run_id is not null)"
    ):
        world.problems.append(f"run {run_id} is {status}, its publication is {published}")


def _check_remains(world: World) -> None:
    """See that the next run, of whatever window, sweeps what a dead one left."""
    window = Window.of_day(world.days[-1])
    outcome = world.finish(
        world.work("next run", lambda: pipeline.extract("supabase", window, trigger="test"))
    )
    held = world.rows(
        "with owned as ("
        " select c.relname as what, substring(c.relname from '__([a-z0-9]{18})$') as run_id"
        " from pg_class as c where c.relkind in ('r', 'p', 'v')"
        " union all select nspname, substring(nspname from '^candidate_([a-z0-9]{18})$')"
        " from pg_namespace)"
        " select o.what, r.status from owned as o left join ops.runs as r on r.run_id = o.run_id"
        " where o.run_id is not null and o.run_id <> %s"
        # A red run's tables stay for inspection until its window runs again; a run between two
        # of its steps may be gone on with for hours.
        " and not (r.status = 'failed' and not exists (select from ops.runs as later"
        " where later.window_start = r.window_start and later.run_no > r.run_no))"
        " and not (r.status = 'running' and not exists (select from ops.run_steps as s"
        " where s.run_id = r.run_id and s.status = 'running'))",
        outcome.get("run_id"),
    )
    world.problems += [f"{what} of a run that is {status} is left" for what, status in held]
    for kind, count in world.rows(
        "select locktype, count(*) from pg_locks where locktype = 'advisory'"
        " and database = (select oid from pg_database where datname = current_database())"
        " group by 1"
    ):
        world.problems.append(f"{count} {kind} locks are left")


def _check_restatements(world: World) -> None:
    """See that the changes of each day lead from what it cost first to what it costs now."""
    key = "charge_date, tenant_id, cost_center"
    for row in world.rows(
        f"select {key}, sum(first), sum(restated), sum(now) from ("
        f" select {key}, coalesce(effective_cost, 0) as first, 0 as restated, 0 as now"
        " from witness.first_costs"
        f" union all select {key}, 0, cost_change, 0 from marts.restatements"
        f" union all select {key}, 0, 0, coalesce(effective_cost, 0)"
        " from marts.usage_by_team_daily"
        f") as costs group by {key} having sum(first) + sum(restated) <> sum(now)"
    ):
        world.problems.append(f"first cost, restatements and cost now do not add up: {row}")
