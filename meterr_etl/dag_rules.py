"""Rules of the nightly DAG, without Airflow: which window a run means, what its log says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from meterr_etl.errors import InputError, MeterrError
from meterr_etl.window import Window, parse_day

# What a run of the pipeline reports beside its own counts, and how a person reads it.
UNIT_OF_SUFFIX = {"_bytes": "bytes", "_seconds": "s", "_ms": "ms", "_share": ""}
LONGEST_VALUE = 400
# Tasks that publish in their midst, or several times, and whose failure so takes nothing back.
STANDS_AFTER = {
    "sweep": "what it healed before this stands, all else is as it was",
    "reprice": "`meterr status` says whether its days were published",
}


@dataclass(frozen=True)
class Finding:
    """One expectation that a gate found broken, with a sample of the rows that broke it."""

    expectation: str
    message: str
    rows: Sequence[object] = field(default_factory=tuple)


def nightly_window(
    *, run_type: str, logical_date: datetime | None, day: str | None, now: datetime
) -> Window:
    """Return the UTC day that a DAG run means: its `day` parameter, else its logical date.

    The data interval is never asked: a manual run of the 5th gets the interval of the 4th, and a
    later backfill that reuses this run would read the 4th twice and the 5th never.

    Raises:
        InputError: the run names no closed UTC day, or two; nothing was read.
    """
    chosen = _day_of_parameter(run_type, logical_date, day) if day else _day_of_date(logical_date)
    window = Window.of_day(chosen)
    window.require_closed(now)
    return window


def note_of(logical_date: datetime | None, conf: Mapping[str, object]) -> str:
    """Return the note that names a run's day, since Airflow names it by its interval's end."""
    day = conf.get("day") or (f"{logical_date.astimezone(UTC):%Y-%m-%d}" if logical_date else "?")
    reason = conf.get("reason")
    return f"UTC day {day}{f': {reason}' if reason else ''}"


def step_report(step: str, subject: str, metrics: Mapping[str, object]) -> list[str]:
    """Return what a step did as lines for the task's log: counts, durations, rates."""
    lines = [f"{step} of {subject}"]
    lines += [f"  {_words(name)}: {_amount(name, value)}" for name, value in metrics.items()]
    return lines + _rates(metrics)


def failure_text(
    *,
    step: str,
    subject: str,
    error: BaseException,
    findings: Sequence[Finding],
    is_published: bool = False,
) -> list[str]:
    """Return what a person needs who finds this task red: where, what, which rows, what now."""
    about = f" for {subject}" if subject else ""
    lines = [f"{step} failed{about}; {_stands(step, is_published=is_published)}.", _problem(error)]
    for finding in findings:
        lines.append(f"  {finding.expectation}: {finding.message}")
        lines += [f"    row: {_shortened(str(row))}" for row in finding.rows]
    remedy = error.remedy if isinstance(error, MeterrError) else ""
    lines.append(f"What to do: {remedy or 'mend what is named above, then clear this task.'}")
    return lines


def _day_of_parameter(run_type: str, logical_date: datetime | None, day: str) -> date:
    if run_type != "manual":
        raise InputError(
            f"A {run_type} run was given the day {day}, which would replace each of its days.",
            remedy="Leave `day` empty; the range of the backfill says which days are run.",
        )
    chosen = parse_day(day)
    # Airflow keys runs by logical date: under another day's midnight this run would take that
    # day's place, and a backfill of missing days would then leave that day out for ever.
    if (
        logical_date
        and _is_midnight(logical_date)
        and logical_date.astimezone(UTC).date() != chosen
    ):
        raise InputError(
            f"The run's logical date is {logical_date:%Y-%m-%d}, but its `day` is {chosen}.",
            remedy="Give one of them: clear the logical date, or leave `day` empty.",
        )
    return chosen


def _day_of_date(logical_date: datetime | None) -> date:
    if logical_date is None:
        raise InputError(
            "The run has neither a logical date nor a `day`.",
            remedy="Trigger it again with `day` filled in, for example 2026-11-14.",
        )
    if not _is_midnight(logical_date):
        raise InputError(
            f"The logical date {logical_date.isoformat()} is not midnight UTC: it names no day.",
            remedy="For one day, fill in `day`; for a range, give the backfill's dates in UTC.",
        )
    return logical_date.astimezone(UTC).date()


def _is_midnight(moment: datetime) -> bool:
    return moment.astimezone(UTC).time() == time()


def _stands(step: str, *, is_published: bool) -> str:
    if is_published:
        return "what this run published stands"
    return STANDS_AFTER.get(step, "nothing of this run was published")


def _problem(error: BaseException) -> str:
    return error.problem if isinstance(error, MeterrError) else f"{type(error).__name__}: {error}"


def _words(name: str) -> str:
    for suffix in UNIT_OF_SUFFIX:
        name = name.removesuffix(suffix)
    return name.replace("_", " ")


def _amount(name: str, value: object) -> str:
    unit = next((unit for suffix, unit in UNIT_OF_SUFFIX.items() if name.endswith(suffix)), "")
    unit = "s" if name == "seconds" else unit
    if name.endswith("_share") and isinstance(value, int | float | Decimal):
        return f"{value:.3%}"
    if isinstance(value, bool) or value is None:
        text = {True: "yes", False: "no", None: "none"}[value]
    elif isinstance(value, int | float | Decimal):
        text = f"{value:,}"
    elif isinstance(value, Mapping):
        text = ", ".join(
            f"{_words(str(key))} {_amount(str(key), part)}" for key, part in value.items()
        )
    elif isinstance(value, list | tuple):
        text = ", ".join(str(part) for part in value)
    else:
        text = str(value)
    return _shortened(f"{text or 'none'} {unit}".strip())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _rates(metrics: Mapping[str, object]) -> list[str]:
    seconds = metrics.get("seconds")
    if not isinstance(seconds, int | float) or seconds <= 0:
        return []
    return [
        f"  {_words(name)} per second: {value / seconds:,.0f}"
        for name, value in metrics.items()
        if (name.startswith("rows") or name.endswith(("_rows", "_events", "_bytes")))
        and isinstance(value, int)
        and not isinstance(value, bool)
        and value > 0
    ]
