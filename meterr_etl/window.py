"""Windows of arrival time: half-open, UTC, pure values."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from meterr_etl.errors import InputError


def parse_day(text: str) -> date:
    """Return the date that an ISO text names.

    Raises:
        InputError: the text is no calendar date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"'{text}' is not a date.", remedy="Write it as YYYY-MM-DD, for example 2026-11-14."
        ) from error


def parse_month(text: str) -> date:
    """Return the first day of the month that a text such as 2026-10 names.

    Raises:
        InputError: the text is no month.
    """
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise InputError(
            f"'{text}' is not a month.", remedy="Write it as YYYY-MM, for example 2026-10."
        ) from error


def days_of_month(first: date) -> tuple[date, date]:
    """Return the first and the last day of the month that begins on a day."""
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def every_day_of_month(first: date) -> list[date]:
    """Return all days of the month that begins on a day."""
    _, last = days_of_month(first)
    return [first.replace(day=number) for number in range(1, last.day + 1)]


@dataclass(frozen=True, order=True)
class Window:
    """A half-open interval `[start, end)` of arrival time in UTC.

    Raises:
        InputError: start is not before end, or one of them bears no time zone.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InputError(
                "A window needs a time zone.",
                remedy="Give its bounds in UTC, for example …T00:00Z.",
            )
        if self.start >= self.end:
            raise InputError(
                f"The window starts at {self.start:%Y-%m-%d %H:%M} but ends at "
                f"{self.end:%Y-%m-%d %H:%M}.",
                remedy="Give a start that is before the end.",
            )

    @classmethod
    def of_day(cls, day: date) -> Window:
        """Return the nightly window of one UTC day."""
        start = datetime.combine(day, time(), tzinfo=UTC)
        return cls(start, start + timedelta(days=1))

    def require_closed(self, now: datetime) -> None:
        """Refuse a window whose last moment has not passed yet.

        Raises:
            InputError: the window is still open at `now`.
        """
        if self.end > now:
            raise InputError(
                f"The window {self} is not over yet.",
                remedy="Choose days before today (UTC): an open day would be published half.",
            )

    def days(self) -> list[date]:
        """Return every UTC date that the window touches, ascending."""
        last = (self.end - timedelta(microseconds=1)).astimezone(UTC).date()
        first = self.start.astimezone(UTC).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def __str__(self) -> str:
        if self == Window.of_day(self.start.date()):
            return f"{self.start:%Y-%m-%d}"
        return f"{self.start:%Y-%m-%dT%H:%M}/{self.end:%Y-%m-%dT%H:%M}"


def daily_windows(first: date, last: date) -> Iterator[Window]:
    """Yield the nightly window of each day from first to last, both included.

    Raises:
        InputError: first is after last.
    """
    if first > last:
        raise InputError(
            f"The range starts at {first} but ends at {last}.",
            remedy="Give the earlier day first; both ends are included.",
        )
    for offset in range((last - first).days + 1):
        yield Window.of_day(first + timedelta(days=offset))
