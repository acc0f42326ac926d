"""exchange-rates: make a file of dated exchange rates hold, and list what holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson
from meterr_etl.cli.output import note, print_json, show

app = typer.Typer(help="What currencies were worth, by day.", no_args_is_help=True)


@app.callback()
def exchange_rates() -> None:
    """What currencies were worth, by day."""


@app.command(epilog="Example: meterr exchange-rates load rates/2026-10.yml")
def load(
    file: Annotated[Path, typer.Argument(help="A YAML file of exchange rates.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Add a file's rates to those that hold; `meterr reprice` then re-rates what they change."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.contract_rates.exchange import (  # noqa: PLC0415
        load_exchange_rates,
        read_exchange_rates,
    )

    done = load_exchange_rates(read_exchange_rates(file))
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note("These exchange rates held already.")
    else:
        note(f"{done.added} exchange rates hold now; {done.replaced} of them replaced another.")


@app.command("list", epilog="Example: meterr exchange-rates list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the exchange rates in force."""
    from meterr_etl.contract_rates.exchange import list_exchange_rates  # noqa: PLC0415

    show({"Exchange rates": list_exchange_rates()}, as_json=as_json)
