"""contracts: check and preview a tenant's contract rates, make them hold, and list what holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.doubts import judged, tell
from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json, show
from meterr_etl.window import days_of_month, parse_month

app = typer.Typer(help="What tenants pay instead of the list price.", no_args_is_help=True)
ContractFile = Annotated[Path, typer.Argument(help="A YAML file of one tenant's contract.")]


@app.callback()
def contracts() -> None:
    """What tenants pay instead of the list price."""


@app.command(epilog="Example: meterr contracts check contracts/acme.yml")
def check(file: ContractFile, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a contract's file, with the line and the fix; changes nothing.

    Where the warehouse can be reached, a term that can meet no price line is refused, and one that
    no event has met so far is told.
    """
    from meterr_etl.contract_rates.terms import read_contract  # noqa: PLC0415
    from meterr_etl.contract_rates.versions import doubts_of_contract  # noqa: PLC0415

    found = read_contract(file)
    doubts = judged(doubts_of_contract, found)
    if as_json:
        print_json({"tenant_id": found.tenant_id, "terms": len(found.terms), "doubts": doubts})
    else:
        note(f"{file}: {len(found.terms)} terms of {found.tenant_id}.")


@app.command(epilog="Example: meterr contracts load contracts/acme.yml")
def load(file: ContractFile, *, as_json: AsJson = False) -> None:
    """Make a file the contract of its tenant; `meterr reprice` then re-rates former days."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.contract_rates.terms import read_contract  # noqa: PLC0415
    from meterr_etl.contract_rates.versions import load_contract  # noqa: PLC0415

    done = load_contract(read_contract(file))
    tell(done.doubts)
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note(f"This contract of {done.tenant_id} held already.")
    else:
        note(
            f"Contract version {done.reference_version} of {done.tenant_id} holds; published days "
            f"from {done.changed_from} on are re-rated by `meterr reprice`."
        )


@app.command(epilog="Example: meterr contracts preview contracts/acme.yml --month 2026-10")
def preview(
    file: ContractFile,
    *,
    month: Annotated[str, typer.Option(help="A month with published days, YYYY-MM.")],
    as_json: AsJson = False,
) -> None:
    """Show what a past month would have cost the tenant under a file's terms; changes nothing."""
    from meterr_etl import previews  # noqa: PLC0415
    from meterr_etl.contract_rates.terms import read_contract  # noqa: PLC0415
    from meterr_etl.contract_rates.versions import doubts_of_contract  # noqa: PLC0415

    log_progress()
    first, last = days_of_month(parse_month(month))
    found = read_contract(file)
    tell(doubts_of_contract(found))
    done = previews.preview_contract(found, first, last, trigger="cli")
    show({"Changes": list(done.changes)}, as_json=as_json)


@app.command("list", epilog="Example: meterr contracts list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the terms in force."""
    from meterr_etl.contract_rates.versions import list_contracts  # noqa: PLC0415

    show({"Terms": list_contracts()}, as_json=as_json)
