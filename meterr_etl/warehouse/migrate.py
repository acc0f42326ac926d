"""Brings a warehouse up to this version: schemas by Alembic, marts by contract, views by dbt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from meterr_etl.errors import BusyError
from meterr_etl.settings import PROJECT_ROOT
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts_contract import MartContract, read_contracts
from meterr_etl.warehouse.marts_dbt import (
    BuildFailedError,
    Place,
    build_views,
    compile_models,
    parse_project,
)
from meterr_etl.warehouse.marts_tables import MartChanges, apply_contracts

logger = logging.getLogger(__name__)

# Longer, and a migration that waits for one analyst would make every other reader queue behind it.
LOCK_TIMEOUT = "3s"
ATTEMPTS = 4
LOCK_NAME = "meterr migrate"
PUBLISHED = Place("published", "marts", LOCK_TIMEOUT)
FIRST_SLOT = Place("s1", "candidate_s1")

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True)
class MigrationReport:
    """Where a migration ended and what of the marts it changed; `views` are rebuilt each time."""

    revision: str
    marts_created: tuple[str, ...]
    columns_added: tuple[str, ...]
    views: tuple[str, ...]


def migrate(*, refill_months: bool = False) -> MigrationReport:
    """Create or update everything in the warehouse database; a second call changes nothing.

    `refill_months` sums up every month anew from its published days.

    Raises:
        BusyError: another migration runs, or readers hold what has to change.
        InputError: a mart's contract asks for a change that a published mart can't take.
        BuildFailedError: dbt could not build a view.
        WarehouseUnavailableError: the server can't be reached.
    """
    with _only_migration():
        _unless_busy(_upgrade_schemas)
        queries = compile_models(PUBLISHED, "tag:candidate tag:monthly")
        contracts = read_contracts(parse_project(PUBLISHED), queries)
        changes = _unless_busy(lambda: _derive_marts(contracts, refill_months=refill_months))
        views = _unless_busy(lambda: build_views(PUBLISHED, "tag:published"))
        # Left warm, so that the next night does not begin by reading the whole project.
        parse_project(FIRST_SLOT)
        revision = schema_revision()
    logger.info("migrate: at %s, %s marts, %s views", revision, len(contracts), len(views))
    return MigrationReport(
        revision, changes.created, changes.added, tuple(sorted(view.name for view in views))
    )


@contextmanager
def _only_migration() -> Iterator[None]:
    key = sql.Literal(LOCK_NAME)
    with warehouse(autocommit=True, application_name=LOCK_NAME) as connection:
        row = connection.execute(
            sql.SQL("select pg_try_advisory_lock(hashtextextended({}, 0))").format(key)
        ).fetchone()
        if not (row and row[0]):
            raise BusyError(
                "Another migration of this warehouse is at work.",
                remedy="Wait for it to end, then run `meterr migrate` again.",
            )
        yield


def _upgrade_schemas() -> None:
    from alembic import command  # noqa: PLC0415 - half a second; publishes import this package
    from alembic.config import Config  # noqa: PLC0415

    command.upgrade(Config(toml_file=PROJECT_ROOT / "pyproject.toml"), "head")


def _derive_marts(contracts: tuple[MartContract, ...], *, refill_months: bool) -> MartChanges:
    with warehouse("meterr_publisher", application_name=LOCK_NAME) as connection:
        connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        return apply_contracts(connection, contracts, refill_months=refill_months)


def schema_revision() -> str:
    """Return the migration at which the warehouse stands; empty before the first."""
    with warehouse(application_name=LOCK_NAME) as connection:
        row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else ""


def _unless_busy(change: Callable[[], _Outcome]) -> _Outcome:
    """Make a change that is all or nothing, again if readers were in its way."""
    attempts = Retrying(
        retry=retry_if_exception(_is_busy),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        reraise=True,
    )
    try:
        return attempts(change)
    except Exception as error:
        if not _is_busy(error):
            raise
        raise BusyError(
            "Readers or another migration hold what the migration has to change.",
            remedy="Run `meterr migrate` again when long queries and dumps have ended.",
        ) from error


def _is_busy(error: BaseException) -> bool:
    """Tell a lock that was not to be had from a failure, through Alembic and dbt alike.

    Roles belong to the cluster, so migrations of two databases may meet in its catalogue.
    """
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return True
    if isinstance(error, BuildFailedError):
        return "lock timeout" in error.problem
    return isinstance(cause, psycopg.Error) and (
        "tuple concurrently updated" in str(cause) or "pg_authid_rolname_index" in str(cause)
    )
