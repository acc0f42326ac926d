"""Lands dead letters again, judged by the contract and the mapping as they are now."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Metrics, Run
from meterr_etl.settings import settings
from meterr_etl.sources.registry import load_source
from meterr_etl.steps.extract import land_entities
from meterr_etl.steps.stage import map_landing
from meterr_etl.warehouse.connection import Connection, source_database, warehouse
from meterr_etl.warehouse.statements import statement
from meterr_etl.window import Window

SQL_PACKAGE = "meterr_etl.steps"


def window_of_letters(source: str, reason_code: str | None) -> Window:
    """Return the stretch of arrival of the dead letters that wait.

    Raises:
        ConflictError: none waits.
    """
    with warehouse("meterr_loader") as connection:
        row = connection.execute(
            statement(SQL_PACKAGE, "waiting_letters", **_chosen(source, reason_code))
        ).fetchone()
    if row is None or not isinstance(row[1], datetime) or not isinstance(row[2], datetime):
        named = f" with the reason '{reason_code}'" if reason_code else ""
        raise ConflictError(
            f"No dead letter of '{source}'{named} waits.",
            remedy="`meterr quarantine list` shows all, with the runs that replayed them.",
        )
    return Window(row[1].astimezone(UTC), row[2].astimezone(UTC))


def land_letters(run: Run, metrics: Metrics, reason_code: str | None) -> None:
    """Land the waiting letters that are legal by now, each marked as replayed by this run.

    A letter bears the read time of its first read, so that it never wins over what came later.

    Raises:
        ConflictError: none of them is legal yet.
    """
    source = load_source(run.source)
    with (
        source_database(run.source, settings().for_source(run.source)) as origin,
        warehouse("meterr_loader", application_name="meterr replay") as target,
    ):
        found = _land_all(target, run, reason_code)
        legal = _keep_legal(target, run)
        if not legal:
            raise ConflictError(
                f"None of {found} dead letters of '{run.source}' is legal yet.",
                remedy="Mend the mapping or the contract first; `meterr quarantine list` says why.",
            )
        target.execute(
            statement(
                SQL_PACKAGE,
                "mark_replayed",
                run_id=sql.Literal(run.run_id),
                landing=run.tables.landing,
            )
        )
        metrics["entities_read"] = land_entities(run, source, origin=origin, target=target)
    metrics.update(rows_read=legal, letters_found=found, letters_still_dead=found - legal)


def _land_all(target: Connection, run: Run, reason_code: str | None) -> int:
    names = list(load_source(run.source).columns)
    # Every column as text, which each mapping must survive: a letter is what a cell said.
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(n)) for n in names)
    target.execute(
        sql.SQL("create table {} (_letter bigint, {})").format(run.tables.landing, columns)
    )
    return target.execute(
        statement(
            SQL_PACKAGE,
            "land_letters",
            landing=run.tables.landing,
            cells=sql.SQL(", ").join(
                sql.SQL("l.raw ->> {}").format(sql.Literal(name)) for name in names
            ),
            **_chosen(run.source, reason_code),
        )
    ).rowcount


def _keep_legal(target: Connection, run: Run) -> int:
    verdict = map_landing(target, run, load_source(run.source))
    target.execute(
        sql.SQL(
            "delete from {} as l where l.ctid in (select m._row from {} as m where not ({}))"
        ).format(run.tables.landing, run.tables.mapped, verdict.is_legal)
    )
    row = target.execute(sql.SQL("select count(*) from {}").format(run.tables.landing)).fetchone()
    return int(str(row[0])) if row else 0


def _chosen(source: str, reason_code: str | None) -> dict[str, sql.Composable]:
    return {"source": sql.Literal(source), "reason": sql.Literal(reason_code)}
