"""What the demo prints at its end: chargeback, gates, dead letters, and what to do next."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from meterr_etl.ledger.status import dead_letter_reasons
from meterr_etl.local.demo_servers import ANALYST_LOGIN, DemoServers
from meterr_etl.warehouse.connection import database, warehouse
from meterr_etl.warehouse.statements import statement

LINES = 15
PLAIN_WIDTH = 130
EXAMPLE_QUERY = "select * from marts.usage_by_model_daily limit 10"


def results_console() -> Console:
    """Return a console on stdout, wide enough for the tables where it is not a terminal."""
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)


def print_results(console: Console, servers: DemoServers, nights: Sequence[date]) -> None:
    """Print the three tables and what to do next."""
    _print_chargeback(console, servers)
    _print_gates(console, nights)
    _print_dead_letters(console)
    print_address(console, servers)
    for line in _next_steps(servers):
        console.print(line, highlight=False, soft_wrap=True)


def print_address(console: Console, servers: DemoServers) -> None:
    """Print where Airflow answers and how to log in."""
    user, password = servers.airflow.login
    console.print(
        f"\nAirflow is running: [bold]{servers.airflow.address}[/bold]  "
        f"login [bold]{user}[/bold], password [bold]{password}[/bold]",
        highlight=False,
        soft_wrap=True,
    )


def _next_steps(servers: DemoServers) -> list[str]:
    meterr = _command()
    steps = [
        f'Ask the marts:   {meterr} sql "{EXAMPLE_QUERY}"',
        f"dbt's docs:      {servers.home / 'dbt_docs' / 'static_index.html'}",
    ]
    if page := _latest_page(servers):
        steps.append(f"The last run:    {page}")
    return [
        *steps,
        f"See the ledger:  {meterr} status",
        f"Rejected rows:   {meterr} quarantine list",
        f"Stop it all:     {meterr} down   (`{meterr} up` starts it again with these data)",
    ]


def _command() -> str:
    if shutil.which("meterr"):
        return "meterr"
    beside = Path(sys.executable).parent / "meterr"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


def _latest_page(servers: DemoServers) -> str | None:
    pages = sorted((servers.home / "reports").glob("*.html"), key=lambda page: page.stat().st_mtime)
    return str(pages[-1]) if pages else None


def _print_chargeback(console: Console, servers: DemoServers) -> None:
    url = SecretStr(servers.postgres.url("warehouse", ANALYST_LOGIN))
    with database(url, "warehouse (as analyst)") as connection:
        rows = connection.execute(statement("meterr_etl.local", "demo_chargeback")).fetchall()
    table = Table(title="Chargeback, as an analyst reads it", title_justify="left")
    for name in ("month", "tenant", "team", "cost center"):
        table.add_column(name)
    for name in ("requests", "tokens", "cost (USD)", "unpriced tokens"):
        table.add_column(name, justify="right")
    for month, tenant, team, center, requests, tokens, cost, unpriced in rows[:LINES]:
        table.add_row(
            f"{month:%Y-%m}", str(tenant), str(team), str(center),
            f"{requests:,}", f"{tokens:,}", _money(cost), f"{unpriced:,}",
        )  # fmt: skip
    if len(rows) > LINES:
        rest = [row[6] for row in rows[LINES:] if isinstance(row[6], Decimal)]
        table.add_row(
            "", f"… {len(rows) - LINES} more lines", "", "", "", "", _money(sum(rest)), ""
        )
    console.print(table)


def _print_gates(console: Console, nights: Sequence[date]) -> None:
    with warehouse("meterr_loader") as connection:
        rows = connection.execute(
            statement("meterr_etl.local", "demo_gates"), {"nights": list(nights)}
        ).fetchall()
    table = Table(title="Gate verdicts (each night's latest run)", title_justify="left")
    for name in ("night", "gate"):
        table.add_column(name)
    for name in ("passed", "warnings", "errors", "not judged"):
        table.add_column(name, justify="right")
    for night, gate, passed, warnings, errors, not_judged in rows:
        style = "red" if errors else "yellow" if warnings else None
        counts = (str(count) for count in (passed, warnings, errors, not_judged))
        table.add_row(str(night), str(gate), *counts, style=style)
    console.print(table)


def _print_dead_letters(console: Console) -> None:
    with warehouse("meterr_loader") as connection:
        rows = dead_letter_reasons(connection, run_id=None, source=None, day=None)
    table = Table(title="Dead letters by reason (rejected rows, kept whole)", title_justify="left")
    table.add_column("reason")
    table.add_column("rows", justify="right")
    for row in rows:
        table.add_row(str(row["reason"]), f"{row['row_count']:,}")
    console.print(table)


def _money(cost: object) -> str:
    return f"{cost:,.2f}" if isinstance(cost, Decimal | int) else "-"
