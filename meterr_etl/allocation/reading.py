"""Reads a file of allocation rules; what is wrong is said with its line and its fix."""

from __future__ import annotations

from pathlib import Path

from meterr_etl.allocation.checking import faults
from meterr_etl.allocation.rules import AllocationRules
from meterr_etl.reviewed_files import read_reviewed


def read_rules(path: Path) -> AllocationRules:
    """Return the rules of a YAML file.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    return read_reviewed(path, AllocationRules, what="allocation rules", faults=faults)
