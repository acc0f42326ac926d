"""The log of reference data: every change of it has a number, and nothing in it is edited."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from meterr_etl.errors import InvariantError
from meterr_etl.warehouse.connection import Connection

# Whoever changes reference data holds this lock of the server until its transaction ends.
CHANGE_LOCK = "hashtextextended('meterr reference change', 0)"


def lock_changes(connection: Connection) -> None:
    """Wait until no other change of reference data is open, and let none begin before this ends.

    A version that became visible after a later one would be passed over: a run takes the latest
    that it sees for all there is. Who must compare with what holds takes the lock before it looks.
    No publish opens a change; who ever needs both locks takes the publish's first.
    """
    connection.execute(f"select pg_advisory_xact_lock({CHANGE_LOCK})")


def open_change(connection: Connection, kind: str, detail: Mapping[str, object]) -> int:
    """Record that reference data changes in this transaction; returns its new version."""
    lock_changes(connection)
    row = connection.execute(
        "insert into reference.changes (kind, detail) values (%s, %s) returning reference_version",
        (kind, Jsonb(dict(detail))),
    ).fetchone()
    if row is None:
        raise InvariantError("The log of reference data took no row.")
    return int(str(row[0]))


def latest_version(connection: Connection) -> int:
    """Return the version of reference data as it stands; 0 before its first change."""
    row = connection.execute(
        "select coalesce(max(reference_version), 0) from reference.changes"
    ).fetchone()
    return int(str(row[0])) if row else 0
