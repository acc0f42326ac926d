"""A person backfills a range in Airflow's UI, by clicks alone, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from meterr_etl.local.demo_nights import NIGHTLY
from tests.e2e.conftest import Demo

pytestmark = [pytest.mark.airflow, pytest.mark.browser, pytest.mark.timeout(900)]

REASON = "prices were late"
SCREENSHOTS_VARIABLE = "METERR_TEST_SCREENSHOTS"


@pytest.fixture
def page(demo: Demo, chromium: Path) -> Iterator[Page]:
    """A page of the DAG, logged in, in a browser that reads dates in UTC."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        # The form reads dates in the browser's own time zone.
        page = browser.new_page(viewport={"width": 1400, "height": 1200}, timezone_id="UTC")
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        page.goto(f"{demo.servers.airflow.address}/dags/{NIGHTLY}")
        user, password = demo.servers.airflow.login
        page.get_by_role("textbox", name="Username").fill(user)
        page.get_by_role("textbox", name="Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_test_id("trigger-dag-button")).to_be_visible()
        yield page
        browser.close()


def test_a_backfill_by_clicks_does_every_night_again(
    demo: Demo, page: Page, tmp_path: Path
) -> None:
    demo.wait_until(lambda: not demo.client.has_active_backfill(NIGHTLY))
    before = len(demo.ledger("select 1 from ops.runs"))
    form = _fill_in(page, demo)
    expect(form.get_by_text(re.compile(rf"^{len(demo.nights)} runs? will be"))).to_be_visible()
    _keep(page, tmp_path / "airflow-backfill.png")
    form.get_by_role("button", name="Run Backfill").click()
    expect(form).to_be_hidden()
    demo.wait_until(lambda: len(demo.ledger("select 1 from ops.runs")) > before)
    demo.wait_until(lambda: all(run.is_finished for run in demo.client.runs(NIGHTLY)))
    runs = [run for run in demo.client.runs(NIGHTLY) if run.run_type == "backfill"]
    assert [(run.day, run.state) for run in runs] == [(night, "success") for night in demo.nights]
    again = demo.ledger(
        "select (window_start at time zone 'UTC')::date, status from ops.runs where reason = %s"
        " order by window_start",
        REASON,
    )
    assert again == [(night, "published") for night in demo.nights]
    page.set_viewport_size({"width": 1400, "height": 700})
    page.goto(f"{demo.servers.airflow.address}/dags/{NIGHTLY}/runs?run_type=backfill")
    states = page.get_by_test_id("table-cell-state")
    expect(states).to_have_text(["Success"] * len(demo.nights))
    _keep(page, tmp_path / "airflow-nights.png")


def test_the_page_of_a_run_shows_its_own_report(demo: Demo, page: Page, tmp_path: Path) -> None:
    run = next(run for run in demo.client.runs(NIGHTLY) if run.day == demo.nights[-1])
    page.goto(f"{demo.servers.airflow.address}/dags/{NIGHTLY}/runs/{run.run_id}")
    page.get_by_role("link", name="Meterr report").or_(
        page.get_by_role("tab", name="Meterr report")
    ).first.click()
    report = page.frame_locator("iframe")
    expect(report.get_by_text(f"{run.day}").first).to_be_visible()
    _keep(page, tmp_path / "airflow-report.png")


def _fill_in(page: Page, demo: Demo) -> Locator:
    page.get_by_test_id("trigger-dag-button").click()
    heading = page.get_by_role("heading", name=re.compile("Trigger Dag|Run Backfill"))
    form = page.get_by_role("dialog").filter(has=heading)
    form.get_by_text("Backfill", exact=True).click()
    for number, day in enumerate((demo.nights[0], demo.nights[-1])):
        form.get_by_test_id("datetime-input").nth(number).click()
        page.get_by_placeholder("YYYY/MM/DD").fill(f"{day:%Y/%m/%d}")
        page.get_by_placeholder("HH:mm").fill("00:00")
        page.keyboard.press("Escape")
        expect(page.get_by_placeholder("YYYY/MM/DD")).to_be_hidden()
    form.get_by_text("All Runs", exact=True).click()
    form.locator("input[name=max_active_runs]").fill("2")
    # Without this tick no value of the form reaches a run.
    form.get_by_text("Override parameters on existing runs", exact=True).click()
    form.locator("#element_reason").fill(REASON)
    return form


def _keep(page: Page, path: Path) -> None:
    page.screenshot(path=str(path))
    assert path.stat().st_size > 10_000
    if folder := os.environ.get(SCREENSHOTS_VARIABLE):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
