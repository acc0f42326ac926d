"""Where a machine keeps what meterr runs on it: one folder per user, told to nobody else."""

from __future__ import annotations

import os
from pathlib import Path

from meterr_etl.errors import InputError
from meterr_etl.local.account import PRIVATE_FOLDER_MODE, SHARED_FOLDER_MODE, Account
from meterr_etl.settings import environment_flag, settings

SYSTEM_STATE = Path("/var/lib/meterr")


def state_home() -> Path:
    """Return the folder of everything that runs here, created and fit for the server's account.

    METERR_HOME where it is set; else `meterr` in XDG_STATE_HOME or ~/.local/state. Root's home
    is usually closed to the account that the server runs as: then it is /var/lib/meterr.

    Raises:
        InputError: no folder can be created, or the chosen one can't be reached by the server.
    """
    refusals: list[InputError] = []
    for candidate in _candidates():
        try:
            return prepare_home(candidate)
        except InputError as error:
            refusals.append(error)
    raise refusals[-1]


def existing_home() -> Path | None:
    """Return the state folder if this machine has one already; creates nothing."""
    return next((home for home in _candidates() if home.is_dir()), None)


def prepare_home(home: Path) -> Path:
    """Create a state folder, closed to others but passable for the server's account.

    Raises:
        InputError: it can't be created, or a folder above it is closed to the server's account.
    """
    account = Account.for_servers()
    if account.is_other and not account.can_reach(_nearest_existing(home.parent)):
        raise _unreachable(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(SHARED_FOLDER_MODE if account.is_other else PRIVATE_FOLDER_MODE)
    except OSError as error:
        raise InputError(
            f"The folder {home} can't be used: {error.strerror}.",
            remedy="Set METERR_HOME to a folder that you may write to.",
        ) from error
    if not account.can_reach(home):
        raise _unreachable(home)
    return home


def _candidates() -> list[Path]:
    chosen = settings().home
    if chosen is not None:
        return [chosen.expanduser().absolute()]
    return [_user_state(), SYSTEM_STATE] if os.geteuid() == 0 else [_user_state()]


def _user_state() -> Path:
    base = environment_flag("XDG_STATE_HOME")
    # The XDG rule: a relative path is to be ignored.
    if base and Path(base).is_absolute():
        return Path(base) / "meterr"
    return Path.home() / ".local" / "state" / "meterr"


def _nearest_existing(path: Path) -> Path:
    return next(step for step in (path, *path.parents) if step.exists())


def _unreachable(home: Path) -> InputError:
    return InputError(
        f"The folder {home} lies where the server's account can't go.",
        remedy="Set METERR_HOME to a folder outside of private ones, for example /var/lib/meterr.",
    )
