"""Says in plain words whether a source fits its header, and what to do where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql

from meterr_etl.errors import MeterrError, SourceMismatchError
from meterr_etl.settings import settings
from meterr_etl.sources.access import Access, read_access
from meterr_etl.sources.cursor import readable_clock
from meterr_etl.sources.header import Entity, Source
from meterr_etl.sources.plan import LandingPlan, actual_columns, plan_columns
from meterr_etl.sources.registry import load_source
from meterr_etl.warehouse.connection import Connection, source_database

SAMPLE_ROWS = 1000
Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `problem` keeps the source from being read as it is."""

    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class SourceCheck:
    """Everything that was found out about one source, in the order it was looked at."""

    source: str
    findings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        """Return whether a nightly run could read the source as it is."""
        return all(finding.level != "problem" for finding in self.findings)


def check_source(name: str) -> SourceCheck:
    """Return what fits and what does not; reads the catalogue and at most 1,000 events.

    Raises:
        InputError: there is no such source, or it has no URL.
        SourceUnavailableError: its server can't be reached or refused the login.
    """
    source = load_source(name)
    with source_database(name, settings().for_source(name)) as connection:
        findings = [Finding("ok", f"The source '{name}' answers.")]
        findings += _check_events(connection, source)
        findings += [_check_entity(connection, source, entity) for entity in source.entities]
    return SourceCheck(name, tuple(findings))


def _check_events(connection: Connection, source: Source) -> list[Finding]:
    try:
        actual = actual_columns(connection, source.schema_name, source.table)
        plan = plan_columns(source, actual)
        for name in (source.cursor_column, source.cursor_fallback):
            if name in plan.actual_types:
                readable_clock(source, name, plan.actual_types[name])
    except SourceMismatchError as error:
        return [_problem(error)]
    access = read_access(connection, source.schema_name, source.table)
    return [
        *_check_columns(plan),
        *_check_access(source, access),
        *(_check_sample(connection, plan, access) if access.may_select else []),
    ]


def _check_columns(plan: LandingPlan) -> list[Finding]:
    source = plan.source
    findings = []
    try:
        plan.require_columns()
        findings.append(Finding("ok", f"{source.qualified_table} has every column it needs."))
    except SourceMismatchError as error:
        findings.append(_problem(error))
    if plan.columns_defaulted:
        names = ", ".join(plan.columns_defaulted)
        findings.append(Finding("note", f"Not there, so read as not reported: {names}."))
    if source.cursor_column not in plan.actual_types:
        findings.append(
            Finding(
                "note",
                f"Without {source.cursor_column}, corrections of old rows go unseen.",
                f"Add {source.cursor_column} at the source, or accept it.",
            )
        )
    for name, actual in plan.columns_retyped.items():
        declared = source.columns[name]
        message = (
            f"{name} is {actual}, not {declared}: it is read as text and checked cell by cell."
        )
        findings.append(Finding("note", message, "Slower, but nothing is lost."))
    if plan.columns_unknown:
        names = ", ".join(plan.columns_unknown)
        findings.append(Finding("note", f"Not read, since the header does not list them: {names}."))
    return findings


def _check_access(source: Source, access: Access) -> list[Finding]:
    table, findings = source.qualified_table, []
    if not access.may_select:
        findings.append(
            Finding(
                "problem",
                f"This login may not read {table}.",
                f"Run at the source: grant select on {table} to {access.login}.",
            )
        )
    if access.is_filtered:
        findings.append(
            Finding(
                "note",
                f"Row-level security filters what {access.login} sees of {table}.",
                "Make sure that a policy for select lets it see every row.",
            )
        )
    if source.cursor_column not in access.indexed:
        findings.append(
            Finding(
                "note",
                f"No index leads with {source.cursor_column}, so each night scans {table} whole.",
                f"Run at the source: create index concurrently on {table} "
                f"({source.cursor_column}).",
            )
        )
    if source.id_column not in access.unique:
        message = f"Nothing keeps {source.id_column} unique in {table}; duplicates are told apart."
        findings.append(Finding("note", message))
    return findings


def _check_sample(connection: Connection, plan: LandingPlan, access: Access) -> list[Finding]:
    source = plan.source
    required = [name for name in sorted(source.required) if name in plan.actual_types]
    try:
        with connection.transaction():
            counts = connection.execute(_sample_query(plan, required, access)).fetchone() or ()
    except psycopg.Error as error:
        text = str(error).strip().splitlines()[0]
        return [Finding("problem", f"A sample of {source.qualified_table} can't be read: {text}")]
    total, unreadable, *nulls = (int(str(count)) for count in counts)
    if not total:
        return [_empty(source, access)]
    findings = [Finding("ok", f"A sample of {total} rows was read.")]
    told = [(f"rows without a readable {source.cursor_column}", unreadable)]
    told += [(f"rows without {name}", count) for name, count in zip(required, nulls, strict=True)]
    for what, count in told:
        if count:
            message = f"The sample has {count} {what} ({count / total:.1%}): each is a dead letter."
            findings.append(Finding("note", message, "Mend them at the source."))
    return findings


def _sample_query(plan: LandingPlan, required: list[str], access: Access) -> sql.Composed:
    source = plan.source
    clocks = [
        readable_clock(source, name, plan.actual_types[name])
        for name in (source.cursor_column, source.cursor_fallback)
        if name in plan.actual_types
    ]
    newest = sql.SQL("order by {} desc nulls last").format(sql.Identifier(source.cursor_column))
    return sql.SQL("select count(*), {} from (select * from {} {} limit {}) as sample").format(
        sql.SQL(", ").join(
            [
                sql.SQL("count(*) filter (where coalesce({}) is null)").format(
                    sql.SQL(", ").join(clocks) if clocks else sql.SQL("null")
                ),
                *(
                    sql.SQL("count(*) filter (where {} is null)").format(sql.Identifier(name))
                    for name in required
                ),
            ]
        ),
        sql.Identifier(source.schema_name, source.table),
        newest if source.cursor_column in access.indexed else sql.SQL(""),
        sql.Literal(SAMPLE_ROWS),
    )


def _empty(source: Source, access: Access) -> Finding:
    if access.is_filtered:
        return Finding(
            "problem",
            f"{source.qualified_table} shows {access.login} no row at all.",
            "Add a policy for select at the source, or grant the login bypassrls.",
        )
    return Finding("note", f"{source.qualified_table} is empty.")


def _check_entity(connection: Connection, source: Source, entity: Entity) -> Finding:
    table = f"{source.schema_name}.{entity.table}"
    try:
        actual = actual_columns(connection, source.schema_name, entity.table)
    except SourceMismatchError:
        return Finding(
            "note", f"There is no {table}: {entity.name} go by their ids, without names."
        )
    absent = [column for column in entity.columns if column not in actual]
    if absent:
        return Finding("note", f"{table} lacks {', '.join(absent)}: read as not reported.")
    access = read_access(connection, source.schema_name, entity.table)
    if not access.may_select:
        return Finding(
            "problem",
            f"This login may not read {table}.",
            f"Run at the source: grant select on {table} to {access.login}.",
        )
    return Finding("ok", f"{table} fits.")


def _problem(error: MeterrError) -> Finding:
    return Finding("problem", error.problem, error.remedy)
