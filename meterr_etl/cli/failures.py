"""Turns whatever ends a command early into one sentence with its remedy, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from meterr_etl.errors import (
    BusyError,
    ConflictError,
    InputError,
    MeterrError,
    UnavailableError,
    WarehouseUnavailableError,
)

if TYPE_CHECKING:
    import psycopg

UNEXPECTED = 70


def explain(error: BaseException) -> int:
    """Print why the command ended to stderr and return its exit code; never a traceback."""
    known = as_meterr_error(error)
    if known is None:
        sys.stderr.write(
            f"meterr failed in a way nobody foresaw: {type(error).__name__}: {_first_line(error)}. "
            f"Please report it with the file {_keep_traceback(error)}.\n"
        )
        return UNEXPECTED
    sys.stderr.write(f"{known}\n")
    return known.exit_code


def as_meterr_error(error: BaseException) -> MeterrError | None:
    """Return the product's own words for an error, or None for a bug."""
    if isinstance(error, MeterrError):
        return error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return UnavailableError(
            "The disk is full.",
            remedy="Free some space and repeat the command; it can be repeated.",
        )
    if isinstance(error, PermissionError):
        return InputError(
            f"{error.filename} is closed to you.",
            remedy="Mend its permissions, or set METERR_HOME.",
        )
    # Only a command that used the driver can have raised its errors; its import is not cheap.
    if "psycopg" in sys.modules:
        import psycopg  # noqa: PLC0415

        if isinstance(error, psycopg.Error):
            return _of_database(error)
    return None


def _of_database(error: psycopg.Error) -> MeterrError:
    state = error.sqlstate or ""
    said = _first_line(error)
    for codes, kind, problem, remedy in _BY_STATE:
        if state.startswith(codes):
            return kind(problem.format(said=said), remedy=remedy)
    if not state:
        return WarehouseUnavailableError(
            f"The connection to the database was lost: {said}.",
            remedy="Check that the server runs, then repeat the command.",
        )
    return MeterrError(
        f"The database refused: {said} (SQLSTATE {state}).",
        remedy="Nothing of the failed step was kept; `meterr status` shows where it stands.",
    )


_PREPARE = "Run `meterr migrate`, which prepares or completes it."
_BY_STATE: tuple[tuple[tuple[str, ...], type[MeterrError], str, str], ...] = (
    (("53100",), UnavailableError, "The database server's disk is full.",
     "Free some space on it and repeat the command."),
    (("53200",), UnavailableError, "The database server is out of memory.",
     "Close other sessions and repeat the command."),
    (("53300",), UnavailableError, "The database server has no connection left.",
     "Close other sessions, or raise its max_connections."),
    (("55P03",), BusyError, "Another session holds a table that is needed: {said}.",
     "Wait for it to end and repeat the command."),
    (("57014",), UnavailableError, "The statement was cancelled: {said}.",
     "Repeat the command; if a timeout ended it, raise that."),
    (("57P", "08"), WarehouseUnavailableError, "The database server went away: {said}.",
     "Repeat the command when it is back."),
    (("42501",), InputError, "The database role may not do that: {said}.",
     "Use a role with the rights, or let its owner grant them."),
    (("3F000", "42P01", "42704", "22023"), ConflictError, "The warehouse is not prepared: {said}.",
     _PREPARE),
)  # fmt: skip


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _keep_traceback(error: BaseException) -> str:
    handle, path = tempfile.mkstemp(prefix="meterr-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return path
