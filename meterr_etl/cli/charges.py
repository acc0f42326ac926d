"""charges: check and preview a tenant's dated charges, make them hold, and list what holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.doubts import judged, tell
from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json, show
from meterr_etl.window import days_of_month, parse_month

app = typer.Typer(help="Subscriptions, fees and credits beside usage.", no_args_is_help=True)
ChargesFile = Annotated[Path, typer.Argument(help="A YAML file of one tenant's dated charges.")]


@app.callback()
def charges() -> None:
    """Subscriptions, fees and credits beside usage."""


@app.command(epilog="Example: meterr charges check charges/acme.yml")
def check(file: ChargesFile, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a file of charges, with the line and the fix; changes nothing.

    Where the warehouse can be reached, unknown owners and commitments to unknown providers are
    refused, and a commitment is told that may draw nothing: to a provider that no event names so
    far, or in another currency than the tenant's contract bills in.
    """
    from meterr_etl.charges.charge import read_charges  # noqa: PLC0415
    from meterr_etl.charges.versions import doubts_of_charges  # noqa: PLC0415

    found = read_charges(file)
    doubts = judged(doubts_of_charges, found)
    if as_json:
        print_json({"tenant_id": found.tenant_id, "charges": len(found.charges), "doubts": doubts})
    else:
        note(f"{file}: {len(found.charges)} charges of {found.tenant_id}.")


@app.command(epilog="Example: meterr charges load charges/acme.yml")
def load(file: ChargesFile, *, as_json: AsJson = False) -> None:
    """Make a file's charges those of its tenant; `meterr reprice` then mends former days."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.charges.charge import read_charges  # noqa: PLC0415
    from meterr_etl.charges.versions import load_charges  # noqa: PLC0415

    done = load_charges(read_charges(file))
    tell(done.doubts)
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note(f"These charges of {done.tenant_id} held already.")
    else:
        note(
            f"Version {done.reference_version} of the charges of {done.tenant_id} holds; published "
            f"days from {done.changed_from} on are mended by `meterr reprice`."
        )


@app.command(epilog="Example: meterr charges preview charges/acme.yml --month 2026-10")
def preview(
    file: ChargesFile,
    *,
    month: Annotated[str, typer.Option(help="A month with published days, YYYY-MM.")],
    as_json: AsJson = False,
) -> None:
    """Show what a past month would have cost the tenant with a file's charges; changes nothing."""
    from meterr_etl import previews  # noqa: PLC0415
    from meterr_etl.charges.charge import read_charges  # noqa: PLC0415
    from meterr_etl.charges.versions import doubts_of_charges  # noqa: PLC0415

    log_progress()
    first, last = days_of_month(parse_month(month))
    found = read_charges(file)
    tell(doubts_of_charges(found))
    done = previews.preview_charges(found, first, last, trigger="cli")
    show({"Changes": list(done.changes)}, as_json=as_json)


@app.command("list", epilog="Example: meterr charges list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the charges in force."""
    from meterr_etl.charges.versions import list_charges  # noqa: PLC0415

    show({"Charges": list_charges()}, as_json=as_json)
