"""Imports what takes seconds while a process waits for its databases."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from threading import Thread

# In the order in which a night needs them: the gate of what landed, then the marts.
IMPORTED_BY_NIGHTS = ("great_expectations", "dbt.cli.main", "meterr_etl.pipeline")
# What reads nothing builds at once.
IMPORTED_BY_REBUILDS = ("dbt.cli.main", "great_expectations")


def import_ahead(names: Sequence[str]) -> None:
    """Begin to import these modules, beside whatever else this process does."""
    Thread(target=_import, args=(names,)).start()


def _import(names: Sequence[str]) -> None:
    with warnings.catch_warnings():
        # Those of their own code are not ours to mend.
        warnings.simplefilter("ignore")
        for name in names:
            import_module(name)
