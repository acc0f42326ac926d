"""report: a run's page, and a month's chargeback, budgets and savings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meterr_etl.cli.inspect import report_run
from meterr_etl.cli.options import AsJson
from meterr_etl.cli.output import READS_NO_TENANT, json_text, note, print_table
from meterr_etl.errors import InputError
from meterr_etl.exports.files import of_tenant, replacing, target_file
from meterr_etl.reports.kinds import ReportFormat, ReportKind
from meterr_etl.window import parse_month

if TYPE_CHECKING:
    from meterr_etl.reports.monthly import MonthlyReport

app = typer.Typer(help="A run's page, or a month's report.", invoke_without_command=True)

Month = Annotated[str, typer.Option(help="The month, YYYY-MM.")]
Tenant = Annotated[str | None, typer.Option(help="Only this tenant.")]
Format = Annotated[ReportFormat, typer.Option("--format")]
Output = Annotated[Path | None, typer.Option(help="A file, or a folder for it; stdout without it.")]


@app.callback(epilog="Example: meterr report --run 261121113512a1b2c3")
def report(
    context: typer.Context,
    *,
    run: Annotated[
        str | None, typer.Option("--run", help="The run; by default the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a run's report page again and show its gate verdicts; or report on a month."""
    if context.invoked_subcommand is None:
        report_run(run, as_json=as_json)
    elif run is not None:
        raise InputError(
            f"A month's {context.invoked_subcommand} is not of one run.", remedy="Leave out --run."
        )


@app.command(epilog="Example: meterr report chargeback --month 2026-10 --format html --output .")
def chargeback(
    *,
    month: Month,
    tenant: Tenant = None,
    report_format: Format = ReportFormat.TABLE,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Show what each team is charged: direct, allocated, corrections, change and share.

    All reports hold what marts shows this login: METERR_ANALYST_URL, else meterr_analyst.
    """
    _write(ReportKind.CHARGEBACK, month, tenant, _chosen(report_format, as_json=as_json), output)


@app.command(epilog="Example: meterr report budget --month 2026-10")
def budget(
    *,
    month: Month,
    tenant: Tenant = None,
    report_format: Format = ReportFormat.TABLE,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Show each budget, what of it is spent, and when it will be used up."""
    _write(ReportKind.BUDGET, month, tenant, _chosen(report_format, as_json=as_json), output)


@app.command(epilog="Example: meterr report savings --month 2026-10 --format csv")
def savings(
    *,
    month: Month,
    tenant: Tenant = None,
    report_format: Format = ReportFormat.TABLE,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Show what the same usage would have cost less, and how."""
    _write(ReportKind.SAVINGS, month, tenant, _chosen(report_format, as_json=as_json), output)


def _chosen(report_format: ReportFormat, *, as_json: bool) -> ReportFormat:
    return ReportFormat.JSON if as_json else report_format


def _write(
    kind: ReportKind,
    month: str,
    tenant: str | None,
    report_format: ReportFormat,
    output: Path | None,
) -> None:
    first = parse_month(month)
    if output is not None and report_format is ReportFormat.TABLE:
        raise InputError(
            "A table is for the screen.", remedy="Give --format csv, json or html with --output."
        )
    target = output and target_file(output, f"{kind}-{month}{of_tenant(tenant)}.{report_format}")
    from meterr_etl.reports.monthly import read_report  # noqa: PLC0415

    done = read_report(kind, first, tenant=tenant)
    if report_format is ReportFormat.TABLE:
        print_table(done.rows, title=done.title)
    elif target is None:
        sys.stdout.write(_text(done, report_format))
    else:
        with replacing(target) as file:
            file.write(_text(done, report_format).encode())
        note(f"Written to {target}.")
    for told in [*done.notes(), *([READS_NO_TENANT] if done.is_hidden else [])]:
        note(told)


def _text(done: MonthlyReport, report_format: ReportFormat) -> str:
    from meterr_etl.reports.formats import to_csv, to_html  # noqa: PLC0415

    if report_format is ReportFormat.JSON:
        return json_text(
            {
                "report": done.kind,
                "month": f"{done.month:%Y-%m}",
                "tenant": done.tenant,
                "is_closed": done.is_closed,
                "published_days": done.published_days,
                "days": done.days,
                "rows": done.rows,
            }
        )
    return to_html(done) if report_format is ReportFormat.HTML else to_csv(done)
