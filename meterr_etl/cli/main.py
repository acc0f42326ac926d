"""The command `meterr`: all its commands, and the one place where its errors end."""

from __future__ import annotations

import sys

import typer

from meterr_etl.cli import (
    allocation,
    budgets,
    charges,
    contracts,
    exchange_rates,
    export,
    inspect,
    machine,
    mend,
    nights,
    period,
    prepare,
    prices,
    query,
    report,
    reprice,
    source,
)
from meterr_etl.cli.failures import explain

HELP = (
    "Turns raw token-usage events into cost per tenant, team and cost center.\n\n"
    "Settings come from METERR_* variables or a meterr.toml; after `meterr demo` or `meterr up` "
    "none are needed. Data go to stdout, progress to stderr; the exit code is 0 only on success."
)

app = typer.Typer(
    name="meterr",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for group in (machine, prepare, nights, inspect, mend, query, reprice):
    group.register(app)
app.add_typer(source.app, name="source")
app.add_typer(prices.app, name="prices")
app.add_typer(period.app, name="period")
app.add_typer(allocation.app, name="allocation")
app.add_typer(budgets.app, name="budgets")
app.add_typer(charges.app, name="charges")
app.add_typer(contracts.app, name="contracts")
app.add_typer(exchange_rates.app, name="exchange-rates")
app.add_typer(export.app, name="export")
app.add_typer(report.app, name="report")


@app.callback()
def begin() -> None:
    """Let every command find the local databases where no warehouse is named."""
    if not {"-h", "--help"} & set(sys.argv):
        from meterr_etl.local.connections import adopt  # noqa: PLC0415

        adopt()


def main() -> None:
    """Run the command line; an error becomes one sentence on stderr and an exit code."""
    try:
        app(prog_name="meterr")
    except Exception as error:  # noqa: BLE001 - the last resort: nobody gets a traceback
        sys.exit(explain(error))
