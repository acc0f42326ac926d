"""Which account a local server runs as: the caller's, or an unprivileged one where that is root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from meterr_etl.errors import InputError, UnavailableError

UNPRIVILEGED = "nobody"
SHARED_FOLDER_MODE = 0o711
PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True)
class Account:
    """Who owns the data folder and its processes; `uid` None means the caller as they are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_servers(cls) -> Account:
        """Return the account for servers: PostgreSQL refuses to run as root.

        Raises:
            InputError: the caller is root and the machine has no account to fall back on.
        """
        if os.geteuid() != 0:
            return cls()
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError as error:
            raise InputError(
                f"PostgreSQL does not run as root, and there is no account '{UNPRIVILEGED}'.",
                remedy="Run meterr as an ordinary user.",
            ) from error
        return cls(entry.pw_uid, entry.pw_gid)

    @property
    def is_other(self) -> bool:
        """Whether the account differs from the caller."""
        return self.uid is not None

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def make_folder(self, path: Path) -> None:
        """Create a folder that the account owns and nobody else reads."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(PRIVATE_FOLDER_MODE)
        self.own(path)

    def can_reach(self, folder: Path) -> bool:
        """Whether the account may enter a folder and every folder above it."""
        if not self.is_other:
            return os.access(folder, os.X_OK)
        return all(self._may_enter(step) for step in (folder, *folder.parents))

    def run(
        self, command: list[str], *, cwd: Path, env: dict[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the account, without the caller's groups, and return its output.

        Raises:
            UnavailableError: it did not end in time.
            InputError: the machine does not let root change into another account.
        """
        try:
            return subprocess.run(  # noqa: S603
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                timeout=timeout_s,
                user=self.uid,
                group=self.gid,
                extra_groups=[] if self.is_other else None,
            )
        except PermissionError as error:
            raise InputError(
                f"{command[0]} can't be run as '{UNPRIVILEGED}': {error.strerror}.",
                remedy="Run meterr as an ordinary user, or mount its folder without noexec.",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(
                f"{command[0]} did not answer within {timeout_s:.0f} seconds.",
                remedy="The machine may be overloaded; try again.",
            ) from error

    def _may_enter(self, folder: Path) -> bool:
        state = folder.stat()
        if state.st_uid == self.uid:
            return bool(state.st_mode & 0o100)
        if state.st_gid == self.gid:
            return bool(state.st_mode & 0o010)
        return bool(state.st_mode & 0o001)
