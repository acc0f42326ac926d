"""Heals what differs between a source and what is published of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date

from meterr_etl import pipeline
from meterr_etl.errors import MeterrError
from meterr_etl.ledger.runs import Trigger
from meterr_etl.steps.compare import Difference, compare, remember_sound

logger = logging.getLogger(__name__)

HORIZON_DAYS = 35


@dataclass(frozen=True)
class Healed:
    """What a sweep did about one day: `outcome` is 'healed', 'sound', 'differs' or an error."""

    day: date
    why: str
    outcome: str
    run_id: str | None


def sweep(
    source: str, *, trigger: Trigger, days: int = HORIZON_DAYS, only_look: bool = False
) -> list[Healed]:
    """Compare the last days with the source and repair those that differ, through the gates.

    One day's failure holds back no other. A day that differs though it was just repaired holds
    rows that the contract refuses or the source repeats: it is 'sound' until either side changes.
    """
    differences = compare(source, days)
    if only_look:
        return [Healed(found.day, found.why, "differs", None) for found in differences]
    return [_heal(source, found, trigger=trigger, days=days) for found in differences]


def _heal(source: str, found: Difference, *, trigger: Trigger, days: int) -> Healed:
    logger.info("sweep: repairing %s: %s", found.day, found.why)
    try:
        run_id = pipeline.repair(source, found.day, trigger=trigger, reason=f"sweep: {found.why}")
    except MeterrError as error:
        logger.warning("sweep: %s was not repaired: %s", found.day, error)
        return Healed(found.day, found.why, str(error), None)
    agrees = remember_sound(source, found, run_id, days)
    return Healed(found.day, found.why, "healed" if agrees else "sound", run_id)
