"""Replaces in one published mart what a run changes of it: whole days, or rows of months."""

from __future__ import annotations

from datetime import date

import psycopg
from psycopg import sql

from meterr_etl.errors import ConflictError
from meterr_etl.ledger.runs import Run
from meterr_etl.steps.overtaken import date_list
from meterr_etl.warehouse.connection import Connection
from meterr_etl.warehouse.marts import PublishedMart
from meterr_etl.warehouse.statements import column_list

UNFIT = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)


def publish_mart(guard: Connection, run: Run, mart: PublishedMart, days: list[date]) -> int:
    """Put the candidate's rows in place of the published ones; returns how many they are.

    Expects the publish's transaction.

    Raises:
        ConflictError: the candidate has no such mart, or not these columns.
    """
    columns = column_list(mart.columns)
    candidate = run.tables.candidate_table(mart.name)
    insert = sql.SQL("insert into {} ({}) select {} from {}")
    try:
        if mart.daily_mart:
            _delete_months(guard, mart, run.tables.moved_months(mart.name))
            _delete_months(guard, mart, candidate)
        else:
            _delete_days(guard, mart, days)
        return guard.execute(insert.format(mart.table, columns, columns, candidate)).rowcount
    except UNFIT as error:
        raise ConflictError(
            f"The candidate of run {run.run_id} does not fit marts.{mart.name}: {error}",
            remedy="Run `meterr migrate`, then this window again.",
        ) from error


def _delete_days(guard: Connection, mart: PublishedMart, days: list[date]) -> None:
    guard.execute(
        sql.SQL("delete from {} where {} in ({})").format(
            mart.table, sql.Identifier(mart.date_column), date_list(days)
        )
    )


def _delete_months(guard: Connection, mart: PublishedMart, replaced: sql.Identifier) -> None:
    same_key = sql.SQL(" and ").join(
        sql.SQL("m.{} = r.{}").format(sql.Identifier(name), sql.Identifier(name))
        for name in mart.key
    )
    guard.execute(
        sql.SQL("delete from {} as m using {} as r where {}").format(mart.table, replaced, same_key)
    )
