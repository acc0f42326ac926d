"""Strikes a process at a chosen statement: kills it, pauses it, or lets a statement fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql

Moment = Literal["before", "after", "in flight"]
# A connection, and the bytes that are to be sent over it.
Raw = tuple[Any, bytes]
Deed = Literal["kill", "pause", "disk full", "lose answer"]


@dataclass(frozen=True)
class Strike:
    """What befalls a process, and where: at the n-th statement of a step (its end, if fewer).

    `only_commits` counts commits instead of statements; `since` is a text of the statement from
    which on it counts, itself included.
    """

    deed: Deed
    step: str
    nth: int
    moment: Moment = "before"
    only_commits: bool = False
    since: str = ""


class Striker:
    """Counts the statements of a process and does the deed when its turn has come."""

    def __init__(self, strike: Strike | None, told: int, go: int) -> None:
        self._strike, self._told, self._go = strike, told, go
        self._step, self._seen, self._has_begun = "", 0, False

    def enter(self, step: str) -> None:
        self._step, self._seen = step, 0

    def leave(self) -> None:
        """Strike at the end of a step that had fewer statements."""
        if self._strike and self._strike.step == self._step:
            if self._strike.since and not self._has_begun:
                raise AssertionError(f"{self._step} never sent: {self._strike.since}")
            self._do()

    def around(
        self,
        do: Callable[[], Any],
        raw: Callable[[], Raw] | None,
        *,
        is_commit: bool = False,
        has_values: bool = False,
    ) -> Any:
        """Do one statement, or what was planned for it."""
        strike = self._strike
        if strike is None or not self._is_turn(strike, raw, is_commit=is_commit):
            return do()
        if strike.moment == "in flight" and raw is not None and not has_values:
            self._send_and_die(raw)
        if strike.moment == "after":
            done = do()
            self._do()
            return done
        self._do()
        return do()

    def _is_turn(self, strike: Strike, raw: Callable[[], Raw] | None, *, is_commit: bool) -> bool:
        if strike.step != self._step:
            return False
        if strike.since and not self._has_begun:
            self._has_begun = raw is not None and strike.since.encode() in raw()[1]
            if not self._has_begun:
                return False
        if strike.only_commits and not is_commit:
            return False
        self._seen += 1
        return self._seen == strike.nth

    def _do(self) -> None:
        strike, self._strike = self._strike, None
        assert strike is not None
        if strike.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif strike.deed == "pause":
            os.write(self._told, b'{"paused": true}\n')
            os.read(self._go, 1)
        elif strike.deed == "disk full":
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        elif strike.deed == "lose answer":
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    def _send_and_die(self, raw: Callable[[], Raw]) -> None:
        # The server has the statement and nobody is left to hear its answer.
        pgconn, text = raw()
        pgconn.send_query(text)
        while pgconn.flush():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)


def hook(striker: Striker) -> None:
    """Let every statement and commit of this process pass the striker."""
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy
    commit, end = psycopg.Connection.commit, psycopg.Transaction.__exit__

    def executing(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        def raw() -> Raw:
            text = query.as_string(cursor) if isinstance(query, sql.Composable) else query
            return cursor.connection.pgconn, text.encode() if isinstance(text, str) else text

        return striker.around(
            lambda: execute(cursor, query, params, **options), raw, has_values=bool(params)
        )

    def copying(cursor: Any, *args: Any, **options: Any) -> Any:
        return striker.around(lambda: copy(cursor, *args, **options), None)

    def committing(connection: Any) -> None:
        raw = (lambda: (connection.pgconn, b"commit")) if _is_open(connection) else None
        striker.around(lambda: commit(connection), raw, is_commit=True)

    def ending(transaction: Any, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None:
            return end(transaction, kind, error, trace)
        raw = (transaction.connection.pgconn, b"commit")
        return striker.around(
            lambda: end(transaction, None, None, None), lambda: raw, is_commit=True
        )

    psycopg.Cursor.execute, psycopg.Cursor.copy = executing, copying  # type: ignore[method-assign]
    psycopg.Connection.commit = committing  # type: ignore[method-assign]
    psycopg.Transaction.__exit__ = ending  # type: ignore[method-assign]


def _is_open(connection: Any) -> bool:
    return bool(connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS)
