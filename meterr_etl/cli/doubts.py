"""Tells a person what a reviewed file names that nothing has met so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from meterr_etl.cli.output import note
from meterr_etl.errors import SettingsError, WarehouseUnavailableError

File = TypeVar("File")


def tell(doubts: Sequence[str]) -> None:
    """Note each doubt, a sentence a line."""
    for doubt in doubts:
        note(f"Doubtful: {doubt}")


def judged(doubts_of: Callable[[File], tuple[str, ...]], found: File) -> tuple[str, ...]:
    """Return a file's doubts, told; without a warehouse, say that its names were not judged.

    A file is reviewed also where no warehouse can be reached, such as in a pull request.

    Raises:
        InputError: the warehouse knows that something of the file can't be.
    """
    try:
        doubts = doubts_of(found)
    except (SettingsError, WarehouseUnavailableError) as error:
        note(f"Its names were not compared with the warehouse: {error}")
        return ()
    tell(doubts)
    return doubts
