"""Lends out the schemas of fixed names in which dbt builds, one to a run at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from meterr_etl.settings import settings
from meterr_etl.warehouse.connection import Connection, warehouse

logger = logging.getLogger(__name__)

POLL_S = 0.2


@dataclass(frozen=True)
class Slot:
    """A claimed schema; `connection` holds the claim and may be used meanwhile."""

    number: int
    connection: Connection
    waited_s: float

    @property
    def schema(self) -> str:
        """The schema that the claim is for."""
        return f"candidate_s{self.number}"

    @property
    def target(self) -> str:
        """The output of dbt's profiles.yml that builds there."""
        return f"s{self.number}"


@contextmanager
def claimed_slot() -> Iterator[Slot]:
    """Claim one of the candidate slots, waiting while all are taken.

    The claim is a session's advisory lock: it ends with the process, however that ends.
    """
    started = time.monotonic()
    with warehouse(
        "meterr_transformer", autocommit=True, application_name="meterr transform"
    ) as connection:
        # The session idles while dbt works on sessions of its own.
        connection.execute("set idle_session_timeout = 0")
        number = _wait_for_slot(connection)
        yield Slot(number, connection, round(time.monotonic() - started, 3))


def _wait_for_slot(connection: Connection) -> int:
    slots = range(1, settings().candidate_slots + 1)
    is_announced = False
    while True:
        for number in slots:
            if _try_claim(connection, number):
                return number
        if not is_announced:
            logger.info("transform: all %s candidate slots are taken; waiting", len(slots))
            is_announced = True
        time.sleep(POLL_S)


def _try_claim(connection: Connection, number: int) -> bool:
    key = sql.Literal(f"meterr candidate slot {number}")
    query = sql.SQL("select pg_try_advisory_lock(hashtextextended({}, 0))").format(key)
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
