"""Sessions that a process uses again, each time as good as new.

A night logs in fifty times, and a login costs the server more than the few statements that follow.
`discard all` gives back what a closed session would: its locks, its role, its settings, its
temporary tables. A killed process loses them all, as ever.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

_idle: dict[str, list[Any]] = defaultdict(list)


class Session(psycopg.Connection[Any]):
    """A connection that lays its session aside instead of closing it."""

    address: str
    _is_laid_aside = False

    def close(self) -> None:
        """Lay the session aside, if it is well."""
        is_well = (
            not self.closed
            and self.pgconn.transaction_status == TransactionStatus.IDLE
            and self.pgconn.exec_(b"discard all").status == ExecStatus.COMMAND_OK
        )
        if is_well:
            self._is_laid_aside = True
            _idle[self.address].append(self.pgconn)
        else:
            super().close()

    def __del__(self) -> None:
        # psycopg warns of a connection that nobody closed; a session laid aside outlives its own.
        if not self._is_laid_aside:
            super().__del__()


def forget() -> None:
    """Leave the sessions of the process that forked this one to it."""
    _idle.clear()


def connect(
    address: str, *, autocommit: bool = False, application_name: str = "witness"
) -> Session:
    """Do what `psycopg.connect` does, with a session that was laid aside if one answers."""
    while _idle[address]:
        pgconn = _idle[address].pop()
        named = pgconn.exec_(f"set application_name = '{application_name}'".encode())
        if named.status == ExecStatus.COMMAND_OK:
            session = Session(pgconn)
            break
        pgconn.finish()
    else:
        session = Session.connect(address, application_name=application_name)
    session.autocommit, session.address = autocommit, address
    return session
