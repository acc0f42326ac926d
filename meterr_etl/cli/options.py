"""Options that several commands share, and the reading of what a person types."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from meterr_etl.errors import InputError
from meterr_etl.window import parse_day

DEFAULT_SOURCE = "supabase"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to stdout, for machines.")]
SourceName = Annotated[str, typer.Option("--source", help="The source, as `source list` names it.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for the ledger and the report.")]


def yesterday() -> date:
    """Return the last closed UTC day."""
    return datetime.now(UTC).date() - timedelta(days=1)


def optional_day(text: str | None) -> date | None:
    """Return the date that an optional argument names.

    Raises:
        InputError: the text is no calendar date.
    """
    return None if text is None else parse_day(text)


def half_open_days(start: str | None, end: str | None) -> tuple[date, date]:
    """Return first and last day of `[start, end)`; without both, yesterday; without end, one day.

    Raises:
        InputError: no dates, an end without a start, or an end that is not after the start.
    """
    if start is None:
        if end is not None:
            raise InputError("--end was given without --start.", remedy="Give both.")
        return yesterday(), yesterday()
    first = parse_day(start)
    behind = first + timedelta(days=1) if end is None else parse_day(end)
    if behind <= first:
        raise InputError(
            f"The range starts at {first} but ends at {behind}.",
            remedy=f"The end is not included: for the one day {first}, give --start {first} "
            f"--end {first + timedelta(days=1)}.",
        )
    return first, behind - timedelta(days=1)


def log_progress() -> None:
    """Send the pipeline's own log lines to stderr; of other libraries only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("meterr_etl").setLevel(logging.INFO)
