"""What is billed is written once, certified, and shown to its own tenants alone."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from meterr_etl.billing.closing import close_period
from meterr_etl.billing.verifying import verify_period
from meterr_etl.contract_rates.exchange import ExchangeRates, load_exchange_rates
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.errors import ConflictError, TamperedError
from meterr_etl.repricing import reprice
from tests.integration.pipeline.conftest import SourceTables, Warehouse, an_id, at

from .conftest import (
    COST,
    INPUT_ALONE,
    LAST_OF_SEPTEMBER,
    LATER,
    OCTOBER,
    SEPTEMBER,
    run_night,
    run_october,
)

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


@pytest.mark.parametrize(
    "tampering",
    [
        "update marts.fct_usage_cost_daily set billed_cost = billed_cost * 2",
        "delete from marts.fct_usage_cost_daily",
    ],
)
def test_published_numbers_that_changed_without_a_publish_are_told_from_corrections(
    september: Warehouse, tampering: str
) -> None:
    september.change(tampering)
    verification = verify_period(SEPTEMBER)
    assert verification.tampered == []
    with pytest.raises(TamperedError, match="no publish explains it: 2026-09-30"):
        verification.require_sound()


def bill_in_euros(tenant_id: str) -> None:
    """Have September's last day priced anew in another currency: at 0.92 EUR a USD."""
    first = {"valid_from": LAST_OF_SEPTEMBER}
    rate = {"from_currency": "USD", "to_currency": "EUR", "rate": "0.92", **first}
    load_exchange_rates(ExchangeRates.model_validate({"exchange_rates": [rate]}))
    load_contract(
        Contract.model_validate(
            {"tenant_id": tenant_id, "billed_in": [{"currency": "EUR", **first}]}
        )
    )
    reprice(LAST_OF_SEPTEMBER, LAST_OF_SEPTEMBER, trigger="test")


@pytest.mark.parametrize("vanishes", ["tenant", "currency"])
def test_what_was_corrected_to_nothing_is_explained_after_the_next_close_too(
    source: SourceTables, september: Warehouse, vanishes: str
) -> None:
    acme, globex = str(an_id("acme")), str(an_id("globex"))
    after = (acme, "EUR", COST * Decimal("0.92"))
    if vanishes == "tenant":
        after = (globex, "USD", COST)
        source.execute(
            f"update public.token_usage set organization_id = '{globex}',"
            f" updated_at = '{at(OCTOBER, 1)}'"
        )
    run_october(first=1)
    if vanishes == "currency":
        bill_in_euros(acme)
    verify_period(SEPTEMBER).require_sound()
    close_period(OCTOBER, LATER)

    verification = verify_period(SEPTEMBER)
    verification.require_sound()
    measured = ("billed_cost", "corrected_cost", "open_correction", "current_cost")
    assert {
        (row["tenant_id"], row["billing_currency"]): tuple(row[name] for name in measured)
        for row in verification.differences
    } == {(acme, "USD"): (COST, -COST, 0, 0), after[:2]: (0, after[2], 0, after[2])}


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
