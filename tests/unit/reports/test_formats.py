"""A report's files say what its rows say, to the last digit, and run nothing."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from meterr_etl.reports.formats import to_csv, to_html
from meterr_etl.reports.kinds import ReportKind
from meterr_etl.reports.monthly import MonthlyReport

LONG = Decimal("-12345678901234567890.123456789012345678901234")


def saving(**other: object) -> dict[str, object]:
    return {
        "team_name": "Core", "feature": "chat", "model": "m", "saving_kind": "batch",
        "saved_list_cost": Decimal("0.0000001"), "billing_currency": "USD", **other,
    }  # fmt: skip


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def report(*rows: dict[str, object], tenant: str | None = None) -> MonthlyReport:
    return MonthlyReport(
        ReportKind.SAVINGS, date(2026, 10, 1), tenant, rows,
        is_closed=False, published_days=30, days=31, is_hidden=False,
    )  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_name_that_a_spreadsheet_would_run_is_text(start):
    name = f"{start}cmd|' /C calc'!A0"
    (row,) = read(to_csv(report(saving(team_name=name))))
    assert row["team_name"].startswith("'")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_name_that_breaks_the_line_begins_no_cell(end):
    (row,) = read(to_csv(report(saving(team_name=f"x{end}=1+1"))))
    assert row["team_name"] == f"x{end}=1+1"


def test_negative_number_stays_a_number_with_all_digits():
    (row,) = read(to_csv(report(saving(saved_list_cost=LONG))))
    assert row["saved_list_cost"] == f"{LONG:f}"


def test_what_is_null_is_empty_in_csv():
    (row,) = read(to_csv(report(saving(saved_list_cost=None))))
    assert row["saved_list_cost"] == ""


def test_page_prints_numbers_to_their_last_digit():
    page = to_html(report(saving(), saving(saved_list_cost=LONG)))
    assert page.count(f"{LONG:f}</td>") == 1
    assert page.count("0.0000001</td>") == 1


def test_page_escapes_every_name():
    hostile = '"><script>alert(1)</script>'
    page = to_html(
        report(saving(team_name=hostile, feature=hostile, billing_currency=hostile), tenant=hostile)
    )
    assert "<script" not in page


def test_page_needs_nothing_from_elsewhere():
    page = to_html(report(saving()))
    assert "src=" not in page
    assert "href" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_each_currency_has_a_chart_of_its_own():
    page = to_html(report(saving(), saving(billing_currency="EUR")))
    assert page.count('role="img"') == 2


def test_page_without_rows_says_so():
    assert "There is nothing to show." in to_html(report())
