"""reprice, explain: published costs at other rates, and from a cost back to its rate and events."""

from __future__ import annotations

from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson, Reason, log_progress
from meterr_etl.cli.output import note, print_json, print_table, show
from meterr_etl.errors import InputError
from meterr_etl.window import parse_day


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr reprice --from 2026-10-01 --to 2026-10-31 --dry-run")(
        reprice
    )
    app.command(epilog="Example: meterr explain --day 2026-11-14 --model gpt-4o --type output")(
        explain
    )


def reprice(
    *,
    first: Annotated[str, typer.Option("--from", help="First UTC day of usage.")],
    last: Annotated[str, typer.Option("--to", help="Last UTC day of usage, included.")],
    tenant: Annotated[str | None, typer.Option(help="Only days and costs of this tenant.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show, and publish nothing.")] = False,
    catalogue: Annotated[
        str | None, typer.Option(help="What if: the rates of a catalogue version, once synced.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="What if: USED=PROVIDER/MODEL, such as a cheaper one.")
    ] = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Re-rate exactly the published days whose usage meets another rate by now.

    What is settled on a month's last day counts other days: those that need it are re-rated too,
    also outside of the range, and so is the last day. The days that were built are named.

    Shows the difference per tenant. With --catalogue or --model it asks what if, of all days of
    the range, which needs --dry-run: no such cost is ever published. --catalogue takes the rates of
    that version alone; contracts, charges, aliases, exchange rates, rules and uplifts stay as now.
    """
    from meterr_etl import repricing  # noqa: PLC0415

    log_progress()
    days = (parse_day(first), parse_day(last))
    if catalogue or model:
        if not dry_run:
            raise InputError("A what-if is never published.", remedy="Add --dry-run.")
        done = repricing.what_if(
            *days,
            trigger="cli",
            catalogue_version=catalogue,
            instead=dict(map(_replacement, model or ())),
            tenant_id=tenant,
        )
    else:
        done = repricing.reprice(
            *days, trigger="cli", tenant_id=tenant, dry_run=dry_run, reason=reason
        )
    if as_json:
        print_json(
            {
                "run_id": done.run_id,
                "days": list(done.days),
                "changes": list(done.changes),
                "is_published": done.is_published,
            }
        )
        return
    print_table(done.changes)
    for line in (repricing.in_words(done)[0], repricing.in_words(done)[-1]):
        note(line)


def explain(
    *,
    day: Annotated[str, typer.Option(help="UTC day of the line.")],
    tenant: Annotated[str | None, typer.Option(help="The line's tenant_id.")] = None,
    model: Annotated[str | None, typer.Option(help="The line's model.")] = None,
    token_type: Annotated[str | None, typer.Option("--type", help="The line's token_type.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most lines and events.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Follow lines of fct_usage_cost_daily to their rate, its source, the run and the events."""
    from meterr_etl.pricing.explain import explain_lines  # noqa: PLC0415

    found = explain_lines(
        parse_day(day), tenant_id=tenant, model=model, token_type=token_type, limit=limit
    )
    show({"Lines": found.lines, "Events": found.events}, as_json=as_json)


def _replacement(text: str) -> tuple[str, str]:
    used, equals, other = text.partition("=")
    if not (used and equals and "/" in other):
        raise InputError(
            f"'{text}' names no replacement.",
            remedy="Write USED=PROVIDER/MODEL, both catalogue ids.",
        )
    return used, other
