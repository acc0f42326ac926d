"""What a file of a tenant's charges may say, and what of a charge falls on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from meterr_etl.reviewed_files import Fault, TenantFile, read_reviewed

# A day's part is cut to this many decimals; the parts of a charge add up to its amount.
DECIMALS = 24


class DayPart(NamedTuple):
    """What of a charge falls on a day: used up, and invoiced. Credits are negative."""

    used: Decimal
    billed: Decimal


class Charge(BaseModel):
    """An amount that a provider bills for the days of `[valid_from, valid_to)`, whatever is used.

    Without `valid_to` it is of one day. It is used up in equal parts by its days, and invoiced as a
    whole on `billed_on`, the first of its days where that is not said; a credit is taken off the
    bills of its days (FOCUS: its effective cost matches its billed cost). It is charged to the one
    of team, project and cost center that it names, else to nobody, until a pool takes it in.

    A commitment is paid ahead and of whole months: at the end of each, what is left of it pays the
    tenant's usage of the provider (FOCUS: it costs when it is drawn down, not when it is bought),
    and what nobody has used by its last day is lost on that day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kind: Literal["subscription", "fee", "credit", "commitment"]
    provider: str = Field(min_length=1)
    amount: Decimal = Field(gt=0, decimal_places=DECIMALS)
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    valid_from: date
    valid_to: date | None = None
    billed_on: date | None = None
    team: str | None = Field(None, min_length=1)
    project: str | None = Field(None, min_length=1)
    cost_center: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Charge:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be later than valid_from")
        if len([owner for owner in (self.team, self.project, self.cost_center) if owner]) > 1:
            raise ValueError("name one of team, project and cost_center, or none")
        if self.kind == "credit" and self.billed_on is not None:
            raise ValueError("a credit is taken off the bills of its days; leave out billed_on")
        if self.kind == "commitment":
            if self.valid_to is None or (self.valid_from.day, self.valid_to.day) != (1, 1):
                raise ValueError("a commitment begins and ends on the first day of a month")
            if self.team or self.project or self.cost_center:
                raise ValueError("a commitment is drawn by who uses it; leave out its owner")
        return self

    @property
    def ends_before(self) -> date:
        """The first day after it."""
        return self.valid_to or self.valid_from + timedelta(days=1)

    @property
    def billed_at(self) -> date:
        """The day on which it is invoiced."""
        return self.billed_on or self.valid_from

    @property
    def first_day(self) -> date:
        """The first day on which anything of it is told."""
        return min(self.valid_from, self.billed_at)

    def part_of(self, day: date) -> DayPart | None:
        """Return what falls on a day, exactly; None where it is neither used nor invoiced then."""
        is_used = self.valid_from <= day < self.ends_before
        if not is_used and day != self.billed_at:
            return None
        used = self._quanta_before(day + timedelta(days=1)) - self._quanta_before(day)
        if self.kind == "commitment":
            return DayPart(Decimal(0), self.amount) if day == self.billed_at else None
        if self.kind == "credit":
            return DayPart(_exact(-used), _exact(-used))
        return DayPart(_exact(used), _exact(self._quanta if day == self.billed_at else 0))

    @property
    def _quanta(self) -> int:
        return int(Fraction(self.amount) * 10**DECIMALS)

    def _quanta_before(self, day: date) -> int:
        # Of whole quanta, so that the days' differences add up to the amount.
        days = (self.ends_before - self.valid_from).days
        past = min(max((day - self.valid_from).days, 0), days)
        return self._quanta * past // days


def _exact(quanta: int) -> Decimal:
    # From text, since arithmetic with decimals would round to the context's precision.
    return Decimal(f"{quanta}E-{DECIMALS}")


class TenantCharges(TenantFile):
    """All dated charges of one tenant."""

    charges: tuple[Charge, ...]

    @property
    def commitments(self) -> list[Charge]:
        """What is paid ahead of them."""
        return [one for one in self.charges if one.kind == "commitment"]

    def first_changed_day(self, former: TenantCharges | None) -> date:
        """Return the first day of which a charge came, went or changed."""
        then = set(former.charges) if former else set()
        changed = set(self.charges) ^ then
        return min((one.first_day for one in changed), default=date.max)


def read_charges(path: Path) -> TenantCharges:
    """Return the charges of a YAML file.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    return read_reviewed(path, TenantCharges, what="charges", faults=_faults)


def _faults(found: TenantCharges) -> Iterator[Fault]:
    for place, charge in enumerate(found.charges):
        if any(other.name == charge.name for other in found.charges[:place]):
            yield Fault(
                ("charges", place),
                f"A charge '{charge.name}' stands above.",
                "Name each period, such as 'support 2026-11'.",
            )
        for other in found.charges[:place]:
            if _draw_on_the_same(charge, other):
                yield Fault(
                    ("charges", place),
                    f"'{other.name}' commits to {charge.provider} on days of '{charge.name}' too.",
                    "Let one end before the other begins, or add up their amounts.",
                )


def _draw_on_the_same(one: Charge, other: Charge) -> bool:
    first, second = sorted((one, other), key=lambda charge: charge.valid_from)
    return (
        one.kind == other.kind == "commitment"
        and (one.provider, one.currency) == (other.provider, other.currency)
        and second.valid_from < first.ends_before
    )
