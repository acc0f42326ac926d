"""period: close a billing period, list the closed ones, and check that none was rewritten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json, print_table, show
from meterr_etl.window import parse_month

app = typer.Typer(help="Billing periods, frozen month by month.", no_args_is_help=True)
Month = Annotated[str, typer.Argument(help="The period's month, YYYY-MM.")]


@app.callback()
def period() -> None:
    """Billing periods, frozen month by month."""


@app.command(epilog="Example: meterr period close 2026-10")
def close(month: Month, *, as_json: AsJson = False) -> None:
    """Freeze the lines of a month with a certificate; later changes are corrections elsewhere.

    It must be over, wholly published, and the first open one. Keep the certificate outside of
    the warehouse: it vouches for this period and all before it.
    """
    first = parse_month(month)
    from meterr_etl.billing.closing import close_period  # noqa: PLC0415

    log_progress()
    done = close_period(first, datetime.now(UTC))
    if as_json:
        print_json({**done.period, "was_closed": done.was_closed})
        return
    print_table([done.period])
    said = "was closed already, on" if done.was_closed else "is closed since"
    note(f"The billing period {month} {said} {done.period['closed_at']:%Y-%m-%d %H:%M} UTC.")


@app.command("list", epilog="Example: meterr period list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the closed periods with their certificates, and the first open one."""
    from meterr_etl.billing.periods import list_periods  # noqa: PLC0415
    from meterr_etl.warehouse.connection import warehouse  # noqa: PLC0415

    with warehouse("meterr_publisher", application_name="meterr period list") as connection:
        periods = list_periods(connection)
    show({"Billing periods": periods}, as_json=as_json)


@app.command(epilog="Example: meterr period verify 2026-10")
def verify(month: Month, *, as_json: AsJson = False) -> None:
    """Compute a closed period's digests anew, and show by what its usage differs now.

    Such differences are corrections, billed by a later period; they are no error. Lines that are
    not what was certified are one, and so is a difference that no publish explains.
    """
    first = parse_month(month)
    from meterr_etl.billing.verifying import verify_period  # noqa: PLC0415

    found = verify_period(first)
    sections = {
        "Certificate": [found.period],
        "Tampered": found.tampered,
        "Differences": found.differences,
    }
    show(sections, as_json=as_json)
    found.require_sound()
    note(f"The billing period {month} is what was certified.")
