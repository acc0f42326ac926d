"""Finds the sources that the package ships and reads their folders."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from meterr_etl.errors import InputError, SettingsError
from meterr_etl.sources.header import Source

SOURCES_FOLDER = Path(__file__).resolve().parent
HEADER_FILE = "source.toml"
MAPPING_FILE = "events.sql"


def list_sources() -> list[str]:
    """Return the names of all sources, sorted."""
    return sorted(path.parent.name for path in SOURCES_FOLDER.glob(f"*/{HEADER_FILE}"))


@cache
def load_source(name: str) -> Source:
    """Return a source by its name.

    Raises:
        InputError: there is no source of that name.
        SettingsError: its header or mapping can't be used.
    """
    if name not in list_sources():
        raise InputError(
            f"There is no source '{name}'.",
            remedy=f"Choose one of: {', '.join(list_sources())}.",
        )
    return read_source(SOURCES_FOLDER / name)


def read_source(folder: Path) -> Source:
    """Return the source that one folder describes.

    Raises:
        SettingsError: its header or mapping can't be used.
    """
    try:
        header = tomllib.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        mapping = (folder / MAPPING_FILE).read_text(encoding="utf-8")
        source = Source.model_validate({**header, "mapping": mapping})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise _unusable(folder, faults) from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise _unusable(folder, str(error)) from error
    if source.name != folder.name:
        raise _unusable(folder, f"it calls itself '{source.name}'")
    return source


def _unusable(folder: Path, fault: str) -> SettingsError:
    return SettingsError(
        f"The source '{folder.name}' can't be used: {fault}.",
        remedy=f"Mend {HEADER_FILE} or {MAPPING_FILE} in its folder.",
    )
