"""Published windows: how far a source is read without a hole."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterr_etl.warehouse.connection import Connection
from meterr_etl.window import Window


def published_since(
    connection: Connection, source: str, window: Window, lookback: timedelta
) -> datetime:
    """Return from where a window may read again: the start of its published look-back.

    Only windows that are published and reach up to this one without a hole count: the rows of
    a failed window stay for its own rerun.
    """
    rows = connection.execute(
        "select window_start, window_end from ops.windows"
        " where source = %s and window_end > %s and window_start < %s order by window_end desc",
        (source, window.start - lookback, window.start),
    ).fetchall()
    reached = window.start
    for start, end in rows:
        if isinstance(start, datetime) and isinstance(end, datetime) and end >= reached > start:
            reached = start
    return max(reached, window.start - lookback)


def is_published(connection: Connection, source: str, window: Window) -> bool:
    """Return whether exactly this window of the source is published."""
    row = connection.execute(
        "select 1 from ops.windows where source = %s and window_start = %s and window_end = %s",
        (source, window.start, window.end),
    ).fetchone()
    return row is not None
