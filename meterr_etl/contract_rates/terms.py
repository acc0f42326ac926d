"""What a file of a tenant's contract may say: terms in order, and the currency that it bills in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from meterr_etl.reviewed_files import Fault, TenantFile, read_reviewed

# What a term may be narrowed by, as the price lines of the marts name it.
SCOPE = ("provider", "model", "token_type", "service_tier", "processing_mode")
CURRENCY = "^[A-Z]{3}$"
# What the catalogue lists in, and so what is billed where a contract says nothing else.
LIST_CURRENCY = "USD"


class _Dated(BaseModel):
    """Holds on the days of `[valid_from, valid_to)`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> _Dated:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be later than valid_from")
        return self

    def shares_a_day(self, other: _Dated) -> bool:
        """Whether there is a day on which both hold."""
        return self.valid_from < (other.valid_to or date.max) and other.valid_from < (
            self.valid_to or date.max
        )


class _Priced(BaseModel):
    """One price: a percentage off the list, or a fixed price of a million units or of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent_off: Decimal | None = Field(None, ge=0, le=100)
    price_per_million: Decimal | None = Field(None, ge=0)
    price_per_unit: Decimal | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _says_one_price(self) -> Self:
        given = (self.percent_off, self.price_per_million, self.price_per_unit)
        if len([price for price in given if price is not None]) != 1:
            raise ValueError(
                "give exactly one of percent_off, price_per_million and price_per_unit"
            )
        return self

    @property
    def unit_price(self) -> Decimal | None:
        """The fixed price of a single unit; None for a percentage."""
        if self.price_per_million is not None:
            return self.price_per_million.scaleb(-6)
        return self.price_per_unit


class Tier(_Priced):
    """What a month's volume above a threshold costs in place of the term's own price.

    The threshold is in units where prices are fixed, and in list cost where they are percentages.
    """

    above: Decimal = Field(gt=0)


class Term(_Dated, _Priced):
    """What the lines of one scope cost: a percentage off the list price, or a fixed price.

    A fixed price is in the currency that it names. Tiers are settled on the last day of a month:
    each for its own part of the volume, or the highest that is reached for all of it.
    """

    name: str = Field(min_length=1)
    provider: str | None = Field(None, min_length=1)
    model: str | None = Field(None, min_length=1)
    token_type: str | None = Field(None, min_length=1)
    service_tier: str | None = Field(None, min_length=1)
    processing_mode: Literal["sync", "batch"] | None = None
    currency: str = Field(LIST_CURRENCY, pattern=CURRENCY)
    tiers: tuple[Tier, ...] = ()
    tiers_apply_to: Literal["part", "all"] = "part"

    @model_validator(mode="after")
    def _says_one_kind_of_price(self) -> Self:
        if self.percent_off is None and self.token_type is None:
            raise ValueError("a fixed price is of one token_type; name it")
        if any((tier.unit_price is None) != (self.unit_price is None) for tier in self.tiers):
            raise ValueError("tiers are percentages where the term is one, else prices")
        bounds = [tier.above for tier in self.tiers]
        if bounds != sorted(set(bounds)):
            raise ValueError("each tier begins above the one before it")
        return self

    @property
    def scope(self) -> tuple[str | None, ...]:
        """What it is narrowed to; None takes all."""
        return tuple(getattr(self, name) for name in SCOPE)


class BilledIn(_Dated):
    """The currency in which a tenant's costs are told on some days."""

    currency: str = Field(pattern=CURRENCY)


class Contract(TenantFile):
    """One tenant's terms, in the order in which a line looks for its own, and its currencies."""

    billed_in: tuple[BilledIn, ...] = ()
    terms: tuple[Term, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Contract:
        if not self.billed_in and not self.terms:
            raise ValueError("give terms, or the currency that the tenant is billed_in")
        return self

    def first_changed_day(self, former: Contract | None) -> date:
        """Return the first day that this contract may price otherwise than the former did."""
        now: set[_Dated] = {*self.billed_in, *self.terms}
        then: set[_Dated] = {*former.billed_in, *former.terms} if former else set()
        changed = now ^ then
        if former is not None:
            kept = [term for term in self.terms if term in former.terms]
            # The first that fits prices a line, so another order is another price.
            if kept != [term for term in former.terms if term in self.terms]:
                changed |= set(kept)
        return min(one.valid_from for one in changed or now)


def read_contract(path: Path) -> Contract:
    """Return the contract of a YAML file.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    return read_reviewed(path, Contract, what="contract", faults=_faults)


def _faults(found: Contract) -> Iterator[Fault]:
    for place, term in enumerate(found.terms):
        for other in found.terms[:place]:
            if other.name == term.name:
                yield Fault(("terms", place), f"A term '{term.name}' stands above.", "Rename one.")
            if _covers(other, term) and other.shares_a_day(term):
                yield Fault(
                    ("terms", place),
                    f"'{other.name}' takes every line of '{term.name}' on"
                    f" {max(term.valid_from, other.valid_from)}, since it stands above.",
                    "Move the narrower one above it, or end one before the other begins.",
                )
        if term.tiers and term.unit_price is not None:
            yield from _foreign_tiers(found, term, place)
    for place, one in enumerate(found.billed_in):
        if any(one.shares_a_day(other) for other in found.billed_in[:place]):
            yield Fault(
                ("billed_in", place),
                f"Two currencies are billed on {one.valid_from}.",
                "End one before the other begins (valid_to is not included).",
            )


def _foreign_tiers(found: Contract, term: Term, place: int) -> Iterator[Fault]:
    billed = {one.currency for one in found.billed_in if one.shares_a_day(term)} or {LIST_CURRENCY}
    if billed != {term.currency}:
        yield Fault(
            ("terms", place),
            f"'{term.name}' has tiers in {term.currency}, and is billed in"
            f" {' and '.join(sorted(billed))}.",
            "Give prices with tiers in the currency that they are billed in.",
        )


def _covers(wider: Term, narrower: Term) -> bool:
    return all(
        wide is None or wide == narrow
        for wide, narrow in zip(wider.scope, narrower.scope, strict=True)
    )
