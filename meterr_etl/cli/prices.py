"""prices sync: bring the price catalogue's rates into the warehouse."""

from __future__ import annotations

import typer

from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json

app = typer.Typer(help="Unit prices by date.", no_args_is_help=True)


@app.callback()
def prices() -> None:
    """Unit prices by date."""


@app.command(epilog="Example: meterr prices sync")
def sync(*, as_json: AsJson = False) -> None:
    """Record the pinned catalogue's rates; what changed gets a new reference version."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.pricing.sync import sync_rates  # noqa: PLC0415

    log_progress()
    done = sync_rates()
    if as_json:
        print_json(asdict(done))
    else:
        note(
            f"{done.rates} rates of {done.catalogue} {done.catalogue_version} are in force; "
            f"{done.added} were added, {done.retired} retired."
        )
