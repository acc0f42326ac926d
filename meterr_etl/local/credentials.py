"""Generated passwords of the local server's roles, in one file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from meterr_etl.errors import ConflictError, InputError


class Credentials:
    """A JSON object {role: password} in a file of mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def password_of(self, role: str) -> str:
        """Return a role's password.

        Raises:
            ConflictError: none is kept for it.
        """
        known = self._read()
        if role not in known:
            raise ConflictError(
                f"{self._path} holds no password of '{role}'.",
                remedy="Run `meterr up` first; if the file was lost, move its folder away.",
            )
        return known[role]

    def ensure(self, role: str, password: str | None = None) -> str:
        """Return the password in force: the one given, the one kept, or a new one, kept."""
        known = self._read()
        chosen = password or known.get(role) or secrets.token_urlsafe(24)
        if known.get(role) != chosen:
            write_private(self._path, json.dumps({**known, role: chosen}, indent=1))
        return chosen

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        try:
            return {str(k): str(v) for k, v in json.loads(self._path.read_text()).items()}
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self._path} can't be read: {error}.",
                remedy="Restore the file, or move its folder away to begin anew.",
            ) from error


def write_private(path: Path, content: str) -> None:
    """Write a file of mode 0600: created so, never opened wider first, and replaced whole."""
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    partial.replace(path)
