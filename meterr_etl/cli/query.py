"""sql: one read-only query as an analyst would send it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from meterr_etl.cli.options import AsJson
from meterr_etl.cli.output import READS_NO_TENANT, note, print_json, print_table
from meterr_etl.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "sql",
        epilog='Example: meterr sql "select * from marts.chargeback_monthly limit 10"',
    )(run_query)


def run_query(
    query: Annotated[str, typer.Argument(help="One SQL query; it can read, nothing else.")],
    *,
    limit: Annotated[int, typer.Option(help="Most rows to print; 0 prints all.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Send one query to the marts: METERR_ANALYST_URL, else the warehouse as meterr_analyst."""
    from psycopg.rows import dict_row  # noqa: PLC0415

    from meterr_etl.warehouse.reading import reader, reads_no_tenant  # noqa: PLC0415

    with (
        reader("meterr sql") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
        _explained(),
    ):
        # What a person typed is the statement itself; role and transaction bound it.
        cursor.execute(query, prepare=False)
        rows = _first_rows(cursor, limit)
        is_cut = bool(limit) and cursor.fetchone() is not None
        is_closed = not rows and reads_no_tenant(connection)
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
    if is_closed:
        note(READS_NO_TENANT)
    if is_cut:
        note(f"Only the first {limit} rows are shown; --limit 0 shows all.")


@contextmanager
def _explained() -> Iterator[None]:
    import psycopg  # noqa: PLC0415

    try:
        yield
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise InputError(
            "`meterr sql` only reads.", remedy="Write with your own tools, as a role that may."
        ) from error
    except (psycopg.ProgrammingError, psycopg.DataError) as error:
        raise _refused(error) from error


def _first_rows(cursor: Any, limit: int) -> list[dict[str, Any]]:
    if cursor.description is None:
        raise InputError("That statement returns no rows.", remedy="Give one select.")
    rows: list[dict[str, Any]] = cursor.fetchmany(limit) if limit else cursor.fetchall()
    return rows


def _refused(error: Exception) -> InputError:
    lines = [line.strip() for line in str(error).strip().splitlines()]
    hint = next((line.removeprefix("HINT:").strip() for line in lines if "HINT:" in line), "")
    return InputError(
        f"The query failed: {lines[0]}.",
        remedy=hint
        or 'The marts and their columns: meterr sql "select table_name, column_name '
        "from information_schema.columns where table_schema = 'marts'\"",
    )
