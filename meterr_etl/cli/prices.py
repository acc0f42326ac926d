"""prices: bring the catalogue's rates into the warehouse, ask them, compare them, mend names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson, log_progress
from meterr_etl.cli.output import note, print_json, print_table
from meterr_etl.errors import InputError
from meterr_etl.window import parse_day

app = typer.Typer(help="Unit prices by date.", no_args_is_help=True)
MOST_SHOWN = 200


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


@app.command(epilog="Example: meterr prices show claude-sonnet-4-5 --at 2026-11-14")
def show(
    model: Annotated[str, typer.Argument(help="As a source names it, or provider/model.")],
    *,
    at: Annotated[str | None, typer.Option(help="A UTC date; today by default.")] = None,
    provider: Annotated[str | None, typer.Option(help="Who bills, as a source names it.")] = None,
    tier: Annotated[str | None, typer.Option(help="The service tier, such as flex.")] = None,
    batch: Annotated[bool, typer.Option("--batch", help="The rates of batches.")] = False,
    region: Annotated[str | None, typer.Option(help="Where it is served, such as us.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which rates a call on a date meets, and why."""
    from meterr_etl.pricing.inspect import show_rates  # noqa: PLC0415
    from meterr_etl.pricing.resolve import Call  # noqa: PLC0415

    seller, name = _named(provider, model)
    day = datetime.now(UTC).date() if at is None else parse_day(at)
    shown = show_rates(Call(seller, name, tier, "batch" if batch else "sync", region), day)
    if as_json:
        print_json({"why": shown.why, "rates": list(shown.rates)})
        return
    note(f"{shown.why}.")
    print_table(shown.rates)


@app.command(epilog="Example: meterr prices diff --old 0.2.2 --new 0.2.3")
def diff(
    *,
    old: Annotated[str | None, typer.Option(help="A catalogue version that was synced.")] = None,
    new: Annotated[str | None, typer.Option(help="A later one that was synced.")] = None,
    litellm: Annotated[
        Path | None, typer.Option(help="LiteLLM's price map, as a second opinion instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the installed catalogue with the rates in force, or two versions; days that move.

    Nothing is changed. With --litellm, list where LiteLLM states another list price.
    """
    if litellm is not None:
        _show_second_opinion(litellm, as_json=as_json)
        return
    from meterr_etl.pricing.inspect import diff_installed, diff_versions  # noqa: PLC0415

    if (old is None) != (new is None):
        raise InputError("--old and --new go together.", remedy="Give both, or neither.")
    found = diff_installed() if old is None or new is None else diff_versions(old, new)
    if as_json:
        print_json({"rates": list(found.rates), "days": list(found.days)})
        return
    print_table(found.rates[:MOST_SHOWN])
    days = ", ".join(map(str, found.days)) or "none"
    note(f"{len(found.rates)} rates differ; published days that would change: {days}.")


@app.command(
    epilog="Example: meterr prices alias openai house-model openai/gpt-4o-mini --reason 'our name'"
)
def alias(
    provider: Annotated[str, typer.Argument(help="The provider as the source spells it.")],
    model: Annotated[str, typer.Argument(help="The model as the source spells it.")],
    target: Annotated[str, typer.Argument(help="What it means, as provider/model.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    as_json: AsJson = False,
) -> None:
    """Record what an unknown name means; `meterr reprice` then re-rates the days that used it."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.pricing.aliases import add_alias  # noqa: PLC0415

    done = add_alias(provider, model, target, reason)
    if as_json:
        print_json(asdict(done))
    elif done.reference_version is None:
        note(f"{provider}/{model} meant {target} already.")
    else:
        note(f"{provider}/{model} now means {target} (reference version {done.reference_version}).")


def _show_second_opinion(path: Path, *, as_json: bool) -> None:
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.pricing.second_opinion import second_opinion  # noqa: PLC0415

    found = second_opinion(path, datetime.now(UTC).date())
    rows = [asdict(one) for one in found.disagreements]
    if as_json:
        print_json({"compared": found.compared, "disagreements": rows})
        return
    print_table(rows[:MOST_SHOWN])
    note(f"{found.compared} prices compared, {len(rows)} disagree; the catalogue's are billed.")


def _named(provider: str | None, model: str) -> tuple[str, str]:
    if provider is not None:
        return provider, model
    from meterr_etl.pricing.names import owner_of_model  # noqa: PLC0415

    return owner_of_model(model)
