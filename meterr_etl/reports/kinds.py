"""Which reports there are, and how they are written."""

from __future__ import annotations

from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about; the value names its SQL file."""

    CHARGEBACK = "chargeback"
    BUDGET = "budget"
    SAVINGS = "savings"


class ReportFormat(StrEnum):
    """How a report is written; the content is the same."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
