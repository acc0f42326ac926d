"""The demo end to end: a real Airflow runs the nights, and a person runs, breaks and mends them."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from meterr_etl import nights
from meterr_etl.errors import BusyError
from meterr_etl.local import demo as commands
from meterr_etl.local.demo_nights import NIGHTLY
from meterr_etl.local.demo_servers import WAREHOUSE_OWNER
from meterr_etl.local.lock import only_one
from meterr_etl.pricing.sync import sync_rates
from meterr_etl.settings import settings
from meterr_etl.warehouse.migrate import migrate
from tests.e2e.conftest import Demo, digests

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

RUNS_OF_A_NIGHT = (
    "select run_id, status, reason, orchestrator_run_id, failed_step from ops.runs"
    " where window_start = %s order by run_no"
)


def test_every_night_is_published_by_airflow(demo: Demo) -> None:
    runs = demo.client.runs(NIGHTLY)
    assert [(run.day, run.state) for run in runs if run.day in demo.nights] == [
        (night, "success") for night in demo.nights
    ]
    published = demo.ledger("select (window_start at time zone 'UTC')::date from ops.windows")
    assert sorted(day for (day,) in published) == demo.nights
    assert demo.ledger("select distinct trigger, status from ops.runs") == [
        ("airflow", "published")
    ]


def test_the_run_that_unpausing_starts_is_one_of_the_nights(demo: Demo) -> None:
    days = [run.day for run in demo.client.runs(NIGHTLY)]
    assert len(days) == len(set(days))


def test_the_demo_ends_with_the_chargeback_the_gates_the_dead_letters_and_what_is_next(
    demo: Demo,
) -> None:
    for part in (
        "Chargeback",
        "Gate verdicts",
        "Dead letters by reason",
        "tenant_id_missing",
        demo.servers.airflow.address,
        demo.servers.airflow.login[1],
        'sql "select',
    ):
        assert part in demo.output
    for line, name in (("dbt's docs", "static_index.html"), ("The last run", ".html")):
        path = next(text for text in demo.output.splitlines() if text.startswith(line)).split()[-1]
        assert path.endswith(name)
        assert "<html" in Path(path).read_text(encoding="utf-8")


def test_each_run_names_its_day_in_its_note_and_in_its_log(demo: Demo) -> None:
    for run in demo.client.runs(NIGHTLY):
        assert run.note == f"UTC day {run.day}"
        log = demo.client.task_log(NIGHTLY, run.run_id, "extract")
        assert f"This run is of the UTC day {run.day}, source supabase." in log
        assert "per second" in log


def test_what_is_secret_is_read_by_its_owner_alone(demo: Demo) -> None:
    airflow = demo.servers.airflow.folder
    for path in (airflow / "airflow.cfg", airflow / "passwords.json", airflow / "secrets.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_report_of_a_run_is_shown_to_who_is_logged_in(demo: Demo) -> None:
    run = demo.client.runs(NIGHTLY)[-1]
    address = f"{demo.servers.airflow.address}/meterr/runs/{NIGHTLY}/{run.run_id}"
    assert httpx.get(address).status_code == 401
    token = demo.client._http.headers["Authorization"]
    page = httpx.get(address, headers={"Authorization": token})
    assert page.status_code == 200
    assert f"{run.day}" in page.text


def test_a_second_demo_waits_for_nobody_and_says_why(demo: Demo) -> None:
    with (
        only_one(demo.servers.lock, "The demo"),
        pytest.raises(BusyError, match="already running"),
    ):
        commands.run_demo(days=1)


def test_up_finds_everything_running_and_changes_nothing(demo: Demo) -> None:
    before = {p.name: p.read_text() for p in (demo.servers.airflow.folder / "run").iterdir()}
    commands.up()
    after = {p.name: p.read_text() for p in (demo.servers.airflow.folder / "run").iterdir()}
    assert before == after


def test_airflow_and_the_command_line_publish_the_same_marts(demo: Demo, monkeypatch) -> None:
    name = "warehouse_of_cli"
    demo.servers.postgres.ensure_database(name, WAREHOUSE_OWNER)
    monkeypatch.setenv("METERR_WAREHOUSE_URL", demo.servers.postgres.url(name, WAREHOUSE_OWNER))
    settings.cache_clear()
    migrate()
    sync_rates()
    outcome = nights.backfill("supabase", demo.nights[0], demo.nights[-1], parallel=2)
    assert [result for result in outcome.values() if isinstance(result, Exception)] == []
    of_airflow = digests(demo.servers.postgres.url("warehouse"))
    assert digests(demo.servers.postgres.url(name)) == of_airflow
    assert len(set(of_airflow.values())) > 3


def test_doing_a_night_again_is_a_new_run_and_changes_no_mart(demo: Demo) -> None:
    before = digests(demo.servers.postgres.url("warehouse"))
    night = demo.nights[0]
    former = demo.ledger(RUNS_OF_A_NIGHT, f"{night} 00:00Z")
    (again,) = demo.backfill(night, night, reprocess="completed")
    assert again.state == "success"
    runs = demo.ledger(RUNS_OF_A_NIGHT, f"{night} 00:00Z")
    assert {status for _, status, *_ in runs} == {"published"}
    assert len({run_id for run_id, *_ in runs}) == len(former) + 1
    # Airflow itself reuses its run: the ledger is what tells the attempts apart.
    assert {orchestrator for *_, orchestrator, _ in runs} == {again.run_id}
    assert digests(demo.servers.postgres.url("warehouse")) == before


def test_a_red_gate_publishes_nothing_says_which_rows_and_passes_once_mended(demo: Demo) -> None:
    before = digests(demo.servers.postgres.url("warehouse"))
    night = demo.nights[1]
    demo.source(
        "insert into public.token_usage (id, organization_id, provider, model, input_tokens,"
        " output_tokens, created_at, updated_at)"
        " select gen_random_uuid(), o.id, 'openai', 'gpt-4o', -5, 1, %s, %s"
        " from generate_series(1, 200), (select id from public.organizations limit 1) as o",
        f"{night} 12:00Z",
        f"{night} 12:00Z",
    )
    (red,) = demo.backfill(night, night, reprocess="completed")
    assert red.state == "failed"
    states = demo.client.task_states(NIGHTLY, red.run_id)
    assert states["gate_staging"] == "failed"
    assert states["publish"] == "upstream_failed"
    attempt = demo.ledger("select 1 from ops.runs where window_start = %s", f"{night} 00:00Z")
    log = demo.client.task_log(NIGHTLY, red.run_id, "gate_staging", attempt=len(attempt))
    assert f"gate_staging failed for {night}" in log
    assert "nothing of this run was published" in log
    assert "row:" in log
    assert "input_tokens_negative" in log
    assert "What to do:" in log
    assert digests(demo.servers.postgres.url("warehouse")) == before
    demo.source("delete from public.token_usage where input_tokens = -5")
    mended = demo.run_by_hand(day=str(night), reason="the rows were removed")
    assert mended.state == "success"
    assert mended.note == f"UTC day {night}: the rows were removed"
    last = demo.ledger(RUNS_OF_A_NIGHT, f"{night} 00:00Z")[-1]
    assert last[1:4] == ("published", "the rows were removed", mended.run_id)
    assert digests(demo.servers.postgres.url("warehouse")) == before


def test_a_run_that_names_no_day_fails_at_once_and_says_so(demo: Demo) -> None:
    run = demo.run_by_hand()
    assert run.state == "failed"
    assert demo.client.task_states(NIGHTLY, run.run_id)["extract"] == "failed"
    log = demo.client.task_log(NIGHTLY, run.run_id, "extract")
    assert "The run has neither a logical date nor a `day`." in log
    assert "What to do: Trigger it again with `day` filled in" in log


def test_an_empty_night_costs_airflow_less_than_twenty_seconds(demo: Demo, capsys) -> None:
    day = demo.nights[0] - timedelta(days=30)
    run = demo.run_by_hand(day=str(day), reason="an empty night")
    assert run.state == "success"
    ((own,),) = demo.ledger(
        "select sum(s.finished_at - s.started_at) from ops.run_steps as s"
        " inner join ops.runs as r on s.run_id = r.run_id where r.orchestrator_run_id = %s",
        run.run_id,
    )
    assert run.seconds is not None
    overhead = run.seconds - own.total_seconds()
    with capsys.disabled():
        print(f"\nempty night: {run.seconds:.1f} s, of which Airflow {overhead:.1f} s")
    assert overhead < 20
