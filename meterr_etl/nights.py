"""Runs the nights of a range, several at a time, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing import get_context

from meterr_etl.imports import IMPORTED_BY_NIGHTS
from meterr_etl.pipeline import run_window
from meterr_etl.settings import adopt_environment, inherited_environment
from meterr_etl.window import Window, daily_windows


def backfill(
    source: str,
    first: date,
    last: date,
    *,
    parallel: int = 1,
    reason: str | None = None,
    initializer: Callable[[], None] | None = None,
) -> dict[Window, str | Exception]:
    """Run the nightly window of each day, oldest first; returns each one's run id or error.

    A day that fails holds back nothing but itself: each runs in a process of its own, which may
    even be killed. `initializer` sets up that process's logging.
    """
    windows = list(daily_windows(first, last))
    for window in windows:
        window.require_closed(datetime.now(UTC))
    # Forked from a process that has imported dbt and Great Expectations, but done nothing yet.
    forked = get_context("forkserver")
    forked.set_forkserver_preload(list(IMPORTED_BY_NIGHTS))
    prepared = partial(_prepare, inherited_environment(), initializer)

    def night(window: Window) -> str | Exception:
        with ProcessPoolExecutor(1, forked, prepared) as process:
            future = process.submit(run_window, source, window, reason=reason)
            error = future.exception()
            return error if isinstance(error, Exception) else future.result()

    with ThreadPoolExecutor(parallel) as lanes:
        return dict(zip(windows, lanes.map(night, windows), strict=True))


def _prepare(variables: Mapping[str, str], initializer: Callable[[], None] | None) -> None:
    # The process that is forked knows the variables of its own start, not those of this backfill.
    adopt_environment(variables)
    if initializer:
        initializer()
