"""The report of a run: one self-contained page, and a few lines for the log."""

from __future__ import annotations

import logging
import os
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from meterr_etl.errors import InputError
from meterr_etl.settings import environment_flag, settings
from meterr_etl.steps.report_aliases import suggested_aliases
from meterr_etl.steps.report_facts import RunFacts, load_facts
from meterr_etl.window import Window

logger = logging.getLogger(__name__)

GATES = ("landing", "staging", "marts", "months")
CHARGEBACK_LINES = 25
SHOWN_DECIMALS = Decimal("0.0001")


def report(run_id: str, directory: Path | None = None) -> dict[str, object]:
    """Write the page `reports/<run_id>.html` of a run, log its short text; returns where it is.

    It lies below `directory`, else METERR_HOME, else the user's state folder.

    Raises:
        ConflictError: the ledger holds no such run.
        InputError: the folder can't be written to.
    """
    facts = load_facts(run_id)
    page = _template().render(**_told(facts))
    path = _write(page, directory or _home(), run_id)
    for line in _text(facts).splitlines():
        logger.info("%s", line)
    logger.info("report: the page of this run is %s", path)
    return {"page": str(path), "page_bytes": len(page.encode())}


def render_run_text(run_id: str) -> str:
    """Return a run in a few lines: window, rows by verdict, gates, days, cost.

    Raises:
        ConflictError: the ledger holds no such run.
    """
    return _text(load_facts(run_id))


def _told(facts: RunFacts) -> dict[str, Any]:
    lines = facts.chargeback or []
    return {
        "facts": facts,
        "run": facts.run,
        "window": _window(facts),
        "steps": _timeline(facts),
        "gates": [
            (gate, facts.outcomes(gate), [v for v in facts.gates if v["gate"] == gate])
            for gate in GATES
        ],
        "chargeback": lines[:CHARGEBACK_LINES],
        "chargeback_rest": lines[CHARGEBACK_LINES:],
        "totals": facts.total_cost(),
        "aliases": suggested_aliases(facts),
    }


def _timeline(facts: RunFacts) -> list[dict[str, Any]]:
    """Return each step with its place on a bar of 100 %, its rate and its counts as words."""
    whole = max((s["started_after_s"] + s["seconds"] for s in facts.steps), default=0) or 1
    return [
        {
            **step,
            "left": 100 * max(step["started_after_s"], 0) / whole,
            "width": max(100 * step["seconds"] / whole, 0.4),
            "rate": _rate(facts.rows_read, step["seconds"]),
            "counts": dict(_flat(step["metrics"])),
        }
        for step in facts.steps
    ]


def _flat(metrics: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in metrics.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict) and name != "mapping_lines":
            found += _flat(value, f"{prefix}{name} ")
        elif isinstance(value, list):
            found += [(label, ", ".join(map(str, value)))] if value else []
        elif not isinstance(value, dict) and value is not None:
            found.append((label, _number(value)))
    return found


def _rate(rows: int | None, seconds: float) -> int | None:
    return round(rows / seconds) if rows and seconds > 0 else None


def _text(facts: RunFacts) -> str:
    run = facts.run
    verdicts = ", ".join(f"{name} {count:,}" for name, count in facts.verdicts.items() if count)
    title = f"run {run['run_id']} of {run['source']}, window {_window(facts)}"
    lines = [
        f"{title}: {run['status']} after {_seconds(run['took'])}",
        f"  rows: {_number(facts.rows_read)} read; {verdicts or 'no verdicts'}",
    ]
    lines += [
        f"  gate {gate}: "
        + ", ".join(f"{count} {name}" for name, count in facts.outcomes(gate).items())
        for gate in GATES
        if facts.outcomes(gate)
    ]
    lines += [
        f"  {verdict['severity']}: {verdict['expectation']}: {verdict['message']}"
        for verdict in facts.gates
        if verdict["outcome"] == "failed"
    ]
    lines += [f"  dead: {dead['reason']} ({dead['row_count']:,})" for dead in facts.dead_letters]
    days = ", ".join(f"{day['event_date']} ({day['cause']})" for day in facts.days)
    lines.append(f"  affected days: {days or 'none'}")
    lines += [
        f"  billed cost of these days as published: {_cost(cost)} {currency}"
        for currency, cost in facts.total_cost().items()
    ]
    return "\n".join(lines)


def _window(facts: RunFacts) -> str:
    return str(Window(facts.run["window_start"], facts.run["window_end"]))


def _home() -> Path:
    home = settings().home
    if home is not None:
        return home.expanduser().absolute()
    state = environment_flag("XDG_STATE_HOME")
    base = Path(state) if state and Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "meterr"


def _write(page: str, home: Path, run_id: str) -> Path:
    path = home / "reports" / f"{run_id}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place, so that nobody opens half a page.
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".", delete=False
        ) as draft:
            draft.write(page)
        os.replace(draft.name, path)  # noqa: PTH105 - the name is all that the draft leaves
    except OSError as error:
        raise InputError(
            f"The report of run {run_id} can't be written to {path.parent}: {error.strerror}.",
            remedy="Free some space there, or set METERR_HOME to a folder that you may write to.",
        ) from error
    return path


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("meterr_etl.steps", package_path="."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, cost=_cost, seconds=_seconds, moment=_moment)
    return environment.get_template("report.html")


def _number(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value).lower()  # noqa: RUF001
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal | float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return str(value)


def _cost(value: Decimal | None) -> str:
    return "–" if value is None else f"{value.quantize(SHOWN_DECIMALS):,}"  # noqa: RUF001


def _seconds(value: timedelta | float) -> str:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def _moment(value: datetime | None) -> str:
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"  # noqa: RUF001
