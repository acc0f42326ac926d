"""The pipeline with one of its safeguards broken: what the histories must not let pass.

`python -m tests.e2e.faults --mutant NAME` plays them with it; it is broken in the forked processes
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from psycopg import sql

from meterr_etl.steps import extract, overtaken, publish, stage
from meterr_etl.warehouse.connection import Connection, warehouse


def no_deduplication() -> None:
    """Rows of one read that bear the same id are left as they are."""
    stage._settle_repeated = lambda *_: None


def oldest_row_stands() -> None:
    """Of the rows of one read that bear the same id the first one stands, not the last."""
    settled = stage.statement

    def reversed_order(package: str, name: str, **parts: sql.Composable) -> sql.Composable:
        made = settled(package, name, **parts)
        if name != "repeated_in_read":
            return made
        return sql.SQL(made.as_string().replace("b.event_at) desc", "b.event_at) asc"))

    stage.statement = reversed_order


def no_look_back() -> None:
    """A window reads its own hours and nothing before them."""
    extract.published_since = lambda _connection, _source, window, _lookback: window.start


def no_comparison_of_versions() -> None:
    """A publish does not ask whether another run published one of its days."""
    _never("overtaken_days")


def no_second_look_for_ids() -> None:
    """A publish does not ask whether another run published one of its ids."""
    _never("overtaken_ids")


def no_lock() -> None:
    """Publishes of two runs go on side by side."""

    @contextmanager
    def unlocked() -> Iterator[Connection]:
        with warehouse(
            "meterr_publisher", autocommit=True, application_name="meterr publish"
        ) as guard:
            yield guard

    publish._publish_lock = unlocked


def no_transaction() -> None:
    """Each statement of a publish is seen as soon as it is done."""
    locked = publish._publish_lock

    @contextmanager
    def bare() -> Iterator[Connection]:
        with locked() as guard:
            guard.transaction = nullcontext  # type: ignore[assignment,method-assign]
            yield guard

    publish._publish_lock = bare


def _never(question: str) -> None:
    asked = overtaken.statement

    def answered(package: str, name: str, **parts: Any) -> sql.Composable:
        if name == question:
            return sql.SQL("select false")
        return asked(package, name, **parts)

    overtaken.statement = answered


MUTANTS: dict[str, Callable[[], None]] = {
    mutate.__name__: mutate
    for mutate in (no_deduplication, oldest_row_stands, no_look_back, no_comparison_of_versions,
                   no_second_look_for_ids, no_lock, no_transaction)
}  # fmt: skip
