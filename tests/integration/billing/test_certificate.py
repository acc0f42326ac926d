"""What is billed is written once, certified, and shown to its own tenants alone."""

from __future__ import annotations

import psycopg
import pytest

from meterr_etl.billing.verifying import verify_period
from meterr_etl.errors import ConflictError, TamperedError
from tests.integration.pipeline.conftest import SourceTables, Warehouse, an_id, at

from .conftest import INPUT_ALONE, LAST_OF_SEPTEMBER, OCTOBER, SEPTEMBER, run_night

TABLES = ("marts.billed_lines", "marts.billed_totals", "ops.closed_periods", "ops.billed_days")
REWRITES = (
    "update {} set billing_month = billing_month",
    "delete from {}",
    "truncate {}",
    "insert into {0} select * from {0}",
)


def test_certificate_names_prices_versions_and_who_closed(september: Warehouse) -> None:
    (period,) = september.rows(
        "select line_count::int, catalogues, reference_version > 0, closed_by, schema_revision,"
        " length(lines_digest), length(certificate), previous_certificate from ops.closed_periods"
    )
    revision = september.value("select version_num from alembic_version")
    assert period == (2, ["genai-prices 0.2.3"], True, "postgres", revision, 64, 64, None)


@pytest.mark.parametrize("role", ["postgres", "meterr_publisher", "meterr_loader"])
def test_nobody_rewrites_what_is_billed(september: Warehouse, role: str) -> None:
    kept = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation)
    for table in TABLES:
        for rewrite in REWRITES:
            with psycopg.connect(september.url) as connection:
                connection.execute(f"set role {role}")  # type: ignore[arg-type]
                with pytest.raises(kept):
                    connection.execute(rewrite.format(table))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("update marts.billed_lines set billed_cost = billed_cost + 1e-12", "lines of 2026-09-30"),
        ("delete from marts.billed_lines where token_type = 'request'", "number of lines"),
        ("insert into marts.billed_lines select * from marts.billed_lines", "lines of 2026-09-30"),
        ("update marts.billed_totals set billed_cost = 0", "totals of"),
        ("delete from marts.billed_totals", "totals of"),
        ("update ops.billed_days set version = version + 1", "days"),
        ("update ops.closed_periods set closed_by = 'me'", "certificate"),
        ("update ops.closed_periods set previous_certificate = ''", "certificate of the period"),
    ],
)
def test_tampering_by_a_superuser_is_found(
    september: Warehouse, tampering: str, found: str
) -> None:
    verify_period(SEPTEMBER).require_sound()
    september.change(f"set session_replication_role = replica; {tampering}")
    verification = verify_period(SEPTEMBER)
    assert any(str(row["what"]).startswith(found) for row in verification.tampered)
    with pytest.raises(TamperedError, match="2026-09 is not what was certified"):
        verification.require_sound()


def test_published_numbers_that_changed_without_a_publish_are_told_from_corrections(
    september: Warehouse,
) -> None:
    september.change("update marts.fct_usage_cost_daily set billed_cost = billed_cost * 2")
    verification = verify_period(SEPTEMBER)
    assert verification.tampered == []
    with pytest.raises(TamperedError, match="no publish explains it: 2026-09-30"):
        verification.require_sound()


def test_open_period_has_nothing_to_verify(september: Warehouse) -> None:
    with pytest.raises(ConflictError, match="2026-10 is not closed"):
        verify_period(OCTOBER)


def test_every_column_that_finance_reads_is_described(september: Warehouse) -> None:
    silent = september.rows(
        "select attrelid::regclass::text, attname from pg_attribute where attnum > 0"
        " and attrelid in ('marts.billed_lines'::regclass, 'marts.billed_totals'::regclass)"
        " and col_description(attrelid, attnum) is null"
    )
    assert silent == []


def test_reader_sees_billed_lines_and_corrections_of_own_tenants_only(
    source: SourceTables, september: Warehouse
) -> None:
    source.add_event(LAST_OF_SEPTEMBER, updated_at=at(OCTOBER, 3), **INPUT_ALONE)
    run_night(OCTOBER)
    views = ("billed_lines", "billed_totals", "billing_corrections", "billed_costs_monthly")
    with psycopg.connect(september.url) as connection:
        for tenant, sees in ((str(an_id("globex")), False), (str(an_id("acme")), True)):
            connection.execute(
                "insert into ops.reader_tenants values ('meterr_analyst', %s)", (tenant,)
            )
            connection.execute("set role meterr_analyst")
            for view in views:
                rows = connection.execute(f"select * from marts.{view}")  # type: ignore[arg-type]
                assert bool(rows.fetchall()) is sees, view
            connection.execute("reset role")
        connection.rollback()
