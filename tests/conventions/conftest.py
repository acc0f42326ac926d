"""The repository as the rules see it: what git tracks or would track."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Repository:
    """All files that belong to the repository."""

    root: Path
    files: tuple[Path, ...]

    def python(self, *folders: str) -> list[Path]:
        """Python files, of all or of some top folders."""
        return [f for f in self.files if f.suffix == ".py" and self._in(f, folders)]

    def sql(self, *folders: str) -> list[Path]:
        """SQL files, of all or of some top folders."""
        return [f for f in self.files if f.suffix == ".sql" and self._in(f, folders)]

    def texts(self) -> dict[str, str]:
        """Every text file's content by its path."""
        found = {}
        for file in self.files:
            try:
                found[self.name(file)] = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
        return found

    def name(self, file: Path) -> str:
        """A file's path inside the repository."""
        return file.relative_to(self.root).as_posix()

    def _in(self, file: Path, folders: tuple[str, ...]) -> bool:
        return not folders or file.relative_to(self.root).parts[0] in folders


@pytest.fixture(scope="session")
def repository() -> Repository:
    """The files of this checkout; the rules are void if there are suspiciously few."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = tuple(
        ROOT / line for line in sorted(set(listed.stdout.splitlines())) if (ROOT / line).is_file()
    )
    assert len(files) > 50, "the rules would pass on an empty list"
    return Repository(ROOT, files)
