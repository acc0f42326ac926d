"""Where an export goes, and how it becomes visible: whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from meterr_etl.errors import InputError


class FileFormat(StrEnum):
    """What an exported file is; the content is the same."""

    PARQUET = "parquet"
    CSV = "csv"


def of_tenant(tenant: str | None) -> str:
    """Return what a file's name says of the one tenant that it holds, or nothing."""
    return "-" + re.sub(r"[^\w.-]", "_", tenant) if tenant else ""


def target_file(output: Path, name: str) -> Path:
    """Return the file to write: `output` itself, or `name` in it where it is a folder.

    Raises:
        InputError: its folder does not exist.
    """
    target = output / name if output.is_dir() else output
    if not target.parent.is_dir():
        raise InputError(
            f"The folder {target.parent} does not exist.", remedy="Create it, or name another."
        )
    return target


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the target's name once it is whole; a failure leaves no trace.

    Raises:
        InputError: it can't be written.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"{target} can't be written: {error.strerror}.", remedy="Name another with --output."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
