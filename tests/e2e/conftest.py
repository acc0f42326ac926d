"""One small demo for all end-to-end tests: PostgreSQL, Airflow and three published nights."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from rich.console import Console

from meterr_etl.local.airflow_client import AirflowClient, DagRun
from meterr_etl.local.connections import REMEMBERED, remembered
from meterr_etl.local.demo import run_demo
from meterr_etl.local.demo_nights import NIGHTLY
from meterr_etl.local.demo_servers import DemoServers
from meterr_etl.settings import settings

DAYS = 3
EVENTS_PER_DAY = 2000
RUN_TIMEOUT_S = 420
# Tells of our own history, so it may differ between runs of equal content.
HISTORY = {"day_status", "restatements"}


@dataclass
class Demo:
    """A finished demo that keeps running: its servers, its nights and what it printed."""

    servers: DemoServers
    client: AirflowClient
    nights: list[date]
    output: str

    def ledger(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the warehouse, as its superuser."""
        with psycopg.connect(self.servers.postgres.url("warehouse")) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def source(self, query: str, *values: Any) -> None:
        """Change the source, as a person would who repairs or breaks it."""
        with psycopg.connect(self.servers.postgres.url("source")) as connection:
            connection.execute(query, values)  # type: ignore[arg-type]

    def backfill(self, first: date, last: date, **options: Any) -> list[DagRun]:
        """Start a backfill once Airflow takes one, and return its runs when all have ended."""
        self.wait_until(lambda: not self.client.has_active_backfill(NIGHTLY))
        self.client.create_backfill(NIGHTLY, first, last, max_active_runs=2, **options)

        def ended() -> list[DagRun]:
            runs = [
                run for run in self.client.runs(NIGHTLY) if run.day and first <= run.day <= last
            ]
            return runs if all(run.is_finished for run in runs) else []

        return self.wait_until(ended)

    def run_by_hand(self, **conf: object) -> DagRun:
        """Trigger one run with the form's values and return it when it has ended."""
        run_id = self.client.trigger(NIGHTLY, conf)

        def ended() -> DagRun | None:
            run = self.client.run(NIGHTLY, run_id)
            return run if run.is_finished else None

        return self.wait_until(ended)

    def wait_until(self, ask: Callable[[], Any]) -> Any:
        """Return the first answer that is true, or fail after a while."""
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(0.5)
        return pytest.fail(f"nothing came of it: {self.client.runs(NIGHTLY)}")


@contextmanager
def _settings_of(home: Path, **more: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in REMEMBERED:
            # Set and unset, so that what the demo itself sets is undone too.
            patch.setenv(name, "")
            patch.delenv(name)
        for name, value in {"METERR_HOME": str(home), **more}.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def finished_demo() -> Iterator[Demo]:
    """The demo, run once for all tests; everything that it started is stopped at the end."""
    # Not below pytest's own folder, which is closed to the account that the server runs as.
    home = Path(tempfile.mkdtemp(prefix="meterr-e2e-"))
    output = io.StringIO()
    # Only while it is made and stopped: the next test of this process may not be one of its own.
    with _settings_of(home):
        servers = DemoServers()
    try:
        with _settings_of(home):
            run_demo(
                days=DAYS,
                events_per_day=EVENTS_PER_DAY,
                console=Console(file=output, width=200),
            )
            last = datetime.now(UTC).date() - timedelta(days=1)
            nights = [last - timedelta(days=back) for back in reversed(range(DAYS))]
            client = servers.airflow.client()
        with client:
            yield Demo(servers, client, nights, output.getvalue())
    finally:
        with _settings_of(home):
            servers.stop()
        shutil.rmtree(home)


@pytest.fixture
def demo(finished_demo: Demo) -> Iterator[Demo]:
    """The running demo, with this test's settings naming its databases."""
    with _settings_of(finished_demo.servers.home, **remembered(finished_demo.servers.home)):
        yield finished_demo


def digests(url: str) -> dict[str, str]:
    """A digest of the sorted rows of each published mart."""
    found = {}
    with psycopg.connect(url) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'marts'")
        for (name,) in names.fetchall():
            query = sql.SQL(
                "select md5(coalesce(string_agg(r, chr(10) order by r), ''))"
                " from (select t::text as r from {} as t) as rows"
            ).format(sql.Identifier("marts", name))
            row = connection.execute(query).fetchone()
            found[name] = row[0] if row else ""
    return {name: digest for name, digest in found.items() if name not in HISTORY}
