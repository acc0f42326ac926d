"""One dated unit price: what reference.rates holds and what a price line multiplies by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, time
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

# Every event is younger: the contract rejects what claims to be of 1970.
BEGINNING = date(1970, 1, 1)
MIDNIGHT = time(0)

SYNC, BATCH = "sync", "batch"
STANDARD_TIER = "standard"

# What a price per hour, a discount or an exchange rate makes of a unit price is rounded once,
# here; what follows from it is exact. A trillion units are then off by less than a picodollar.
RATE_DECIMALS = 24
UNKNOWN_CONTEXT = -1

_EXACT = Context(prec=60, traps=[Inexact])
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit price per single token or call, in the columns of reference.rates.

    It holds for dates in `[valid_from, valid_to)` (UTC; None: until further notice), for requests
    whose total input is greater than `context_above_tokens`, up to the next threshold, and from
    `time_of_day_from` (UTC) until the model's next time of day. UNKNOWN_CONTEXT is of buckets of
    many requests, which don't tell how long each was: what costs the same in any context.
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
    time_of_day_from: time = MIDNIGHT

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
            # Prices that hold all day, almost all, keep the ids that they had before this part.
            *([self.time_of_day_from.isoformat()] if self.time_of_day_from != MIDNIGHT else []),
        )
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:16]


def price_per_unit(price: Decimal, units: int) -> Decimal:
    """Return the price of one unit from the price of many (a million tokens).

    Exact wherever it has a finite expansion; a price per hour of audio may have none by the
    second, and is then quantised.
    """
    try:
        quotient = _EXACT.divide(price, Decimal(units))
    except Inexact:
        quotient = quantised(_ROUNDING.divide(price, Decimal(units)))
    return Decimal(plain_text(quotient))


def quantised(price: Decimal) -> Decimal:
    """Return a unit price rounded half to even at RATE_DECIMALS."""
    return price.quantize(Decimal(1).scaleb(-RATE_DECIMALS), context=_ROUNDING)


def plain_text(number: Decimal) -> str:
    """Return a number without exponent or trailing zeros, so that equal ones look alike."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
