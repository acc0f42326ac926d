"""export: files of what is billed, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import READS_NO_TENANT, note, print_json, print_table
from meterr_etl.exports.files import FileFormat
from meterr_etl.window import parse_month

if TYPE_CHECKING:
    from meterr_etl.exports.focus import FocusExport

app = typer.Typer(help="Files of what is billed, for other programs.", no_args_is_help=True)


@app.callback()
def export() -> None:
    """Files of what is billed, for other programs."""


@app.command(epilog="Example: meterr export focus --month 2026-10 --format csv")
def focus(
    *,
    month: Annotated[str, typer.Option(help="The billing period, YYYY-MM.")],
    file_format: Annotated[FileFormat, typer.Option("--format")] = FileFormat.PARQUET,
    output: Annotated[Path, typer.Option(help="The file, or a folder for it.")] = Path(),
    tenant: Annotated[str | None, typer.Option(help="Only charges of this tenant.")] = None,
    strict: Annotated[bool, typer.Option(help="Fail while usage has no price.")] = False,
    allocated: Annotated[
        bool, typer.Option(help="By who bears it, shared cost distributed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a billing period's charges as a FOCUS 1.2 Cost and Usage file.

    It holds what marts.focus_cost_and_usage shows this login: METERR_ANALYST_URL, else
    meterr_analyst. Usage without a price is no charge yet, and is counted on stderr. With
    --allocated it is marts.focus_allocated_costs, with the Allocated columns of FOCUS 1.3.
    """
    first = parse_month(month)
    from meterr_etl.exports.focus import export_focus  # noqa: PLC0415

    log_progress()
    done = export_focus(
        first, file_format, output, tenant=tenant, strict=strict, allocated=allocated
    )
    row = {"month": month, "lines": done.line_count, "file": str(done.file)}
    if as_json:
        left_out = {"lines": done.left_out_lines, "quantity": done.left_out_quantity}
        print_json({**row, "is_closed": done.is_closed, "left_out": left_out})
    else:
        print_table([row])
    _tell(done, month)


def _tell(done: FocusExport, month: str) -> None:
    if done.left_out_lines:
        note(
            f"Warning: {done.left_out_lines} lines of {month} ({done.left_out_quantity:f} tokens "
            "or calls) have no price and were left out; marts.unpriced_usage_daily says which "
            "and why."
        )
    if done.is_hidden:
        note(READS_NO_TENANT)
    if not done.is_closed:
        note(f"The billing period {month} is open: its charges may still change.")
