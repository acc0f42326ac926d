"""Verifies a closed billing period: is it what was certified, and what is different by now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from meterr_etl.billing.closing import WORK_MEM
from meterr_etl.billing.periods import SQL_PACKAGE, Row, find_closed, month_parts, rows_of
from meterr_etl.errors import ConflictError, TamperedError
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.statements import statement


@dataclass(frozen=True)
class Verification:
    """A closed period, what of it was tampered with, and by what its usage differs now.

    `differences` are corrections, frozen in a later period or still open; one that no publish
    explains means that what is published was changed by other means.
    """

    period: Row
    tampered: list[Row]
    differences: list[Row]

    def require_sound(self) -> None:
        """Refuse what is not as it was certified.

        Raises:
            TamperedError: frozen lines, or numbers published since, were changed by other means.
        """
        month = f"{self.period['billing_month']:%Y-%m}"
        if self.tampered:
            raise TamperedError(
                f"The billing period {month} is not what was certified: "
                f"{', '.join(str(row['what']) for row in self.tampered[:5])}.",
                remedy="Restore its lines from a backup that holds its certificate.",
            )
        strange = sorted({str(d["charge_date"]) for d in self.differences if not d["is_explained"]})
        if strange:
            raise TamperedError(
                f"Days of {month} differ from what was billed, and no publish explains it: "
                f"{', '.join(strange[:5])}.",
                remedy=f"Publish them again: `meterr backfill --start {strange[0]} "
                f"--end {strange[-1]}`.",
            )


def verify_period(month: date) -> Verification:
    """Compute the digests of a closed period anew, and compare its days with their usage now.

    Raises:
        ConflictError: the period is not closed.
    """
    parts = month_parts(month)
    with warehouse("meterr_publisher", application_name="meterr period verify") as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute(sql.SQL("set local work_mem = {}").format(sql.Literal(WORK_MEM)))
        period = find_closed(connection, month)
        if period is None:
            raise ConflictError(
                f"The billing period {month:%Y-%m} is not closed.",
                remedy="See `meterr period list`.",
            )
        tampered = statement(
            SQL_PACKAGE,
            "tampered",
            line_digests=statement(SQL_PACKAGE, "line_digests", **parts),
            line_totals=statement(SQL_PACKAGE, "line_totals", **parts),
            days_digest=statement(SQL_PACKAGE, "days_digest", **parts),
            certificate=statement(SQL_PACKAGE, "certificate"),
            **parts,
        )
        differences = statement(SQL_PACKAGE, "differences", **parts)
        return Verification(period, rows_of(connection, tampered), rows_of(connection, differences))
