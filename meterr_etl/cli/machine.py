"""demo, up, down: everything on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from meterr_etl.cli.options import log_progress


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr demo")(demo)
    app.command(epilog="Example: meterr up")(up)
    app.command(epilog="Example: meterr down")(down)


def demo(
    *,
    days: Annotated[int, typer.Option(help="How many closed days before today.", min=1)] = 7,
    events_per_day: Annotated[int, typer.Option(help="Events a day, on average.", min=1)] = 30_000,
) -> None:
    """Seed closed days, run their nights through Airflow, and show the chargeback."""
    from meterr_etl.local.demo import run_demo  # noqa: PLC0415

    log_progress()
    run_demo(days=days, events_per_day=events_per_day)


def up() -> None:
    """Keep the local PostgreSQL and Airflow running, with the data they have."""
    from meterr_etl.local import demo as local  # noqa: PLC0415

    log_progress()
    local.up()


def down() -> None:
    """Stop everything that demo and up started; the data stay."""
    from meterr_etl.local import demo as local  # noqa: PLC0415

    log_progress()
    local.down()
