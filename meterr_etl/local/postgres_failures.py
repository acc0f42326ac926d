"""What PostgreSQL's own words mean for the person who tried to start it."""

from __future__ import annotations

import shutil
from pathlib import Path

from meterr_etl.errors import BusyError, InputError, MeterrError, UnavailableError

MINIMUM_FREE_BYTES = 300 * 1024 * 1024

# In the order of asking: the first phrase that occurs decides.
CAUSES: tuple[tuple[str, type[MeterrError], str, str], ...] = (
    ("No space left on device", UnavailableError, "the disk is full",
     "Free some space, or set METERR_HOME to another disk."),
    ("Disk quota exceeded", UnavailableError, "your disk quota is used up",
     "Free some space, or set METERR_HOME to another disk."),
    ("Address already in use", BusyError, "its port is in use by another program",
     "Stop that program and try again."),
    ("Cannot allocate memory", UnavailableError, "memory is short",
     "Close other programs and try again."),
    ("lock file", BusyError, "another server works on the same folder",
     "Run `meterr down` and try again."),
    ("Permission denied", InputError, "a file or folder is closed to the server's account",
     "Set METERR_HOME to a folder of your own."),
    ("incompatible with server", InputError, "its data are of another major version",
     "Move the folder away to begin anew, or install the version that made them."),
    ("is not compatible with this version", InputError, "its data are of another major version",
     "Move the folder away to begin anew, or install the version that made them."),
)  # fmt: skip


def failure_of(action: str, output: str, log: Path) -> MeterrError:
    """Return the error that tells why PostgreSQL's `action` failed, by what it printed."""
    for phrase, kind, problem, remedy in CAUSES:
        if phrase in output:
            return kind(f"PostgreSQL can't {action}: {problem}.", remedy=remedy)
    said = [line.strip() for line in output.splitlines() if "FATAL" in line or "error" in line]
    detail = f": {said[-1]}" if said else ""
    return UnavailableError(f"PostgreSQL can't {action}{detail}.", remedy=f"Look into {log}.")


def require_disk_space(folder: Path) -> None:
    """Refuse to start on a disk that has no room even for an empty cluster.

    Raises:
        UnavailableError: too little is free.
    """
    free = shutil.disk_usage(folder).free
    if free < MINIMUM_FREE_BYTES:
        raise UnavailableError(
            f"The disk of {folder} is full: {free // 1024**2} MB are left.",
            remedy="Free at least 300 MB, or set METERR_HOME to another disk.",
        )
