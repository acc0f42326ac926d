"""From a line of the cube to the rate, its source, the run that published it and its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.statements import statement

Row = dict[str, object]


@dataclass(frozen=True)
class Explanation:
    """Price lines with their rate and run, and the events that their quantities are of."""

    lines: tuple[Row, ...]
    events: tuple[Row, ...]


def explain_lines(
    day: date, *, tenant_id: str | None, model: str | None, token_type: str | None, limit: int
) -> Explanation:
    """Return the lines of a published day that fit, dearest first, and their events."""
    parts = {
        "day": sql.Literal(day),
        "tenant_id": sql.Literal(tenant_id),
        "model": sql.Literal(model),
        "token_type": sql.Literal(token_type),
        "limit": sql.Literal(limit),
    }
    with warehouse("meterr_publisher", application_name="meterr explain") as connection:
        found = []
        for name in ("explain_lines", "explain_events"):
            cursor = connection.execute(statement("meterr_etl.pricing", name, **parts))
            names = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall()
            found.append(tuple(dict(zip(names, row, strict=True)) for row in rows))
    return Explanation(*found)
