"""migrate, seed: make a warehouse ready, fill a source to play with."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from meterr_etl.cli.options import AsJson, log_progress, yesterday
from meterr_etl.cli.output import note, print_json
from meterr_etl.errors import InputError
from meterr_etl.window import parse_day

MOST_DAYS = 366


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(epilog="Example: meterr migrate")(migrate)
    app.command(epilog="Example: meterr seed --start 2026-11-08 --days 7 --events-per-day 30000")(
        seed
    )


def migrate(
    *,
    refill_months: Annotated[
        bool, typer.Option("--refill-months", help="Also sum up every month anew from its days.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create or update the warehouse's schemas, roles, tables and published views."""
    from dataclasses import asdict  # noqa: PLC0415

    from meterr_etl.warehouse.migrate import migrate as run_migrations  # noqa: PLC0415

    log_progress()
    report = run_migrations(refill_months=refill_months)
    if as_json:
        print_json(asdict(report))
    else:
        note(f"The warehouse is up to date, at revision {report.revision}.")


def seed(
    *,
    start: Annotated[
        str | None, typer.Option(help="First UTC day; by default the days end yesterday.")
    ] = None,
    days: Annotated[int, typer.Option(help="How many days.")] = 7,
    events_per_day: Annotated[int, typer.Option(help="Events a day, on average.")] = 30_000,
    seed_number: Annotated[
        int, typer.Option("--seed", help="The same number gives the same events.")
    ] = 7,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Also write to a server on another machine.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill METERR_SOURCE_URL with a Supabase-shaped source and realistic events."""
    first = parse_day(start) if start else yesterday() - timedelta(days=days - 1)
    if not 1 <= days <= MOST_DAYS or events_per_day < 1:
        raise InputError(
            f"{days} days of {events_per_day} events can't be seeded.",
            remedy=f"Give 1 to {MOST_DAYS} days and at least one event a day.",
        )
    url = _writable_source(allow_remote=allow_remote)
    from meterr_etl.seed import seed_source  # noqa: PLC0415

    log_progress()
    report = seed_source(
        url, first_day=first, days=days, events_per_day=events_per_day, seed=seed_number
    )
    if as_json:
        from dataclasses import asdict  # noqa: PLC0415

        print_json(asdict(report))
    else:
        note(
            f"{report.event_rows} events of {report.tenants} tenants arrived from "
            f"{report.first_day} to {report.last_day}; {report.late_rows} of them late, "
            f"{report.poison_rows} of them poison."
        )


def _writable_source(*, allow_remote: bool) -> str:
    from psycopg import conninfo  # noqa: PLC0415

    from meterr_etl.settings import settings  # noqa: PLC0415
    from meterr_etl.warehouse.connection import LOCAL_HOSTS  # noqa: PLC0415

    chosen = settings().source_url
    if chosen is None:
        raise InputError(
            "METERR_SOURCE_URL is not set.", remedy="Set it to the database that is to be filled."
        )
    url = chosen.get_secret_value()
    host = str(conninfo.conninfo_to_dict(url).get("host") or "")
    # Everything else only reads a source; invented events in a real one would be billed.
    if host not in LOCAL_HOSTS and not host.startswith("/") and not allow_remote:
        raise InputError(
            f"METERR_SOURCE_URL names the server {host}, and seed would write to it.",
            remedy="If that is a test database, add --allow-remote.",
        )
    return url
