"""One dated unit price: what reference.rates holds and what a price line multiplies by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact

# Every event is younger: the contract rejects what claims to be of 1970.
BEGINNING = date(1970, 1, 1)

SYNC, BATCH = "sync", "batch"
STANDARD_TIER = "standard"

# Division in this context raises rather than rounds, so a price is exact or absent.
_EXACT = Context(prec=60, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit price per single token or call, in the columns of reference.rates.

    It holds for dates in `[valid_from, valid_to)` (UTC; None: until further notice) and for
    requests whose total input is greater than `context_above_tokens`, up to the next threshold.
    """

    catalogue: str
    catalogue_version: str
    provider_id: str
    model_id: str
    token_type: str
    processing_mode: str
    service_tier: str
    context_above_tokens: int
    valid_from: date
    valid_to: date | None
    unit_price: Decimal
    currency: str = "USD"

    @property
    def rate_id(self) -> str:
        """Digest of the content, without the catalogue's version.

        An unchanged price thus keeps its id when the catalogue is upgraded, and two warehouses
        that know the same prices name them alike.
        """
        content = (
            self.catalogue,
            self.provider_id,
            self.model_id,
            self.token_type,
            self.processing_mode,
            self.service_tier,
            str(self.context_above_tokens),
            self.valid_from.isoformat(),
            self.valid_to.isoformat() if self.valid_to else "",
            plain_text(self.unit_price),
            self.currency,
        )
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:16]


def price_per_unit(price: Decimal, units: int) -> Decimal:
    """Return the price of one unit, exactly, from the price of many (a million tokens).

    Raises:
        ArithmeticError: the quotient has no finite decimal expansion.
    """
    return Decimal(plain_text(_EXACT.divide(price, Decimal(units))))


def plain_text(number: Decimal) -> str:
    """Return a number without exponent or trailing zeros, so that equal ones look alike."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
