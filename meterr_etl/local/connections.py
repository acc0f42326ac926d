"""Remembers where the local databases are, so that later commands need no variables set."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from meterr_etl.errors import InputError
from meterr_etl.local.credentials import write_private
from meterr_etl.local.paths import existing_home
from meterr_etl.settings import settings

FILE = "connections.json"
WAREHOUSE, SOURCE, ANALYST = "METERR_WAREHOUSE_URL", "METERR_SOURCE_URL", "METERR_ANALYST_URL"
REMEMBERED = (WAREHOUSE, SOURCE, ANALYST)


def remember(home: Path, urls: Mapping[str, str]) -> None:
    """Keep METERR_*_URL values for later commands, in a file that only its owner reads."""
    write_private(home / FILE, json.dumps({name: urls[name] for name in sorted(urls)}, indent=1))


def remembered(home: Path) -> dict[str, str]:
    """Return the URLs kept in a state folder; empty if there are none.

    Raises:
        InputError: the file can't be read.
    """
    try:
        content = json.loads((home / FILE).read_text())
        return {name: str(content[name]) for name in REMEMBERED if name in content}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(
            f"{home / FILE} can't be read: {error}.", remedy="Run `meterr up` to write it anew."
        ) from error


def adopt() -> bool:
    """Use the local databases where the settings name no warehouse; returns whether it did.

    A warehouse of one's own is never mixed with the demo's source. Children inherit the choice.
    """
    chosen = settings()
    home = existing_home()
    if chosen.warehouse_url is not None or home is None:
        return False
    known = remembered(home)
    if WAREHOUSE not in known:
        return False
    if chosen.source_url is not None:
        known.pop(SOURCE, None)
    if chosen.analyst_url is not None:
        known.pop(ANALYST, None)
    os.environ.update(known)
    settings.cache_clear()
    return True
