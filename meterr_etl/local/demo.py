"""demo, up, down: from an empty machine to published nights, kept running or stopped."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from meterr_etl.errors import ConflictError
from meterr_etl.local.demo_nights import run_nights
from meterr_etl.local.demo_results import print_address, print_results, results_console
from meterr_etl.local.demo_servers import DemoServers
from meterr_etl.local.lock import only_one

logger = logging.getLogger(__name__)


def run_demo(
    *, days: int = 7, events_per_day: int = 30_000, console: Console | None = None
) -> None:
    """Fill a source with the closed days before today (UTC), run their nights, show the result.

    PostgreSQL and Airflow keep running afterwards. A second demo adds the days that are missing
    and does again the nights that failed.

    Raises:
        BusyError: another demo, `up` or `down` is at work.
        ConflictError: not every night was published; the results of the others are printed first.
    """
    output = console or results_console()
    servers = DemoServers()
    last = datetime.now(UTC).date() - timedelta(days=1)
    nights = [last - timedelta(days=back) for back in reversed(range(days))]
    with only_one(servers.lock, "The demo"):
        logger.info("demo: starting PostgreSQL in %s", servers.home)
        urls = servers.start_postgres()
        servers.prepare_warehouse()
        # Airflow takes as long to start as the source to fill, and neither needs the other.
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(servers.start_airflow, urls, _Announcer())
            _seed(servers, nights, events_per_day)
            starting.result()
        with servers.airflow.client() as client:
            failed = run_nights(client, servers.airflow, nights)
        print_results(output, servers, nights)
    if failed:
        raise ConflictError(
            f"{len(failed)} of {days} nights were not published: "
            f"{', '.join(str(night) for night in sorted(failed))}.",
            remedy="Read why with `meterr status` and in the red task's log in Airflow.",
        )


def up(*, console: Console | None = None) -> None:
    """Keep the local PostgreSQL and Airflow running with the data they have.

    Raises:
        BusyError: a demo, another `up` or `down` is at work.
    """
    output = console or results_console()
    servers = DemoServers()
    with only_one(servers.lock, "The demo"):
        urls = servers.start_postgres()
        servers.prepare_warehouse()
        servers.start_airflow(urls, _Announcer())
        print_address(output, servers)
        if not servers.has_published():
            output.print("There are no nights yet: [bold]meterr demo[/bold] makes a week of them.")


def down() -> None:
    """Stop everything that demo and up started; the data stay.

    Raises:
        BusyError: a demo or an `up` is still at work.
    """
    servers = DemoServers()
    with only_one(servers.lock, "The demo"):
        stopped = servers.stop()
    logger.info("down: stopped %s", " and ".join(stopped) or "nothing, since nothing ran")


def _seed(servers: DemoServers, nights: list[date], events_per_day: int) -> None:
    from meterr_etl.seed import seed_source  # noqa: PLC0415
    from meterr_etl.warehouse.marts_dbt import write_dbt_docs  # noqa: PLC0415

    logger.info("demo: filling the source with %s days of events", len(nights))
    seed_source(
        servers.source_owner_url,
        first_day=nights[0],
        days=len(nights),
        events_per_day=events_per_day,
    )
    write_dbt_docs(servers.home / "dbt_docs")


class _Announcer:
    """Logs what is being waited for, once each time that it changes."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str) -> None:
        if what != self._last:
            logger.info("airflow: %s", what)
            self._last = what
