"""Writes a report as CSV or as one page that needs nothing else; numbers to their last digit."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from meterr_etl.reports.charts import draw_bars, legend
from meterr_etl.reports.monthly import MonthlyReport

# What a spreadsheet would run as a formula: names are written by whoever calls an API.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
NOTHING = "-"


def to_csv(report: MonthlyReport) -> str:
    """Return one line per row under a header; what is null is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP
    advises; numbers are left as they are.
    """
    file = io.StringIO()
    # Only what the line's end holds is quoted: a bare return in a name would else begin a cell.
    writer = csv.writer(file, lineterminator="\r\n")
    if report.rows:
        writer.writerow(report.rows[0])
    writer.writerows([_inert(value) for value in row.values()] for row in report.rows)
    return file.getvalue()


def to_html(report: MonthlyReport) -> str:
    """Return one self-contained page: a chart per currency, and the table."""
    columns = report.rows[0] if report.rows else {}
    numeric = {
        column
        for column in columns
        if any(isinstance(row[column], Decimal | int) for row in report.rows)
    }
    return _template().render(report=report, numeric=numeric, draw_bars=draw_bars, legend=legend)


def exact(value: object) -> str:
    """Return a value as text, a number with all of its digits and no exponent."""
    if value is None:
        return NOTHING
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _inert(value: object) -> str:
    if value is None:
        return ""
    text = exact(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("meterr_etl.reports", package_path="."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["exact"] = exact
    return environment.get_template("page.html")
