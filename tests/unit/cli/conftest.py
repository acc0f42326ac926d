"""Runs the command line in this process, as a person's shell would."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from meterr_etl.cli.main import main
from meterr_etl.settings import settings


@dataclass(frozen=True)
class Outcome:
    """What a shell would see of one command."""

    code: int
    out: str
    err: str

    def told(self) -> str:
        """The one sentence (and its remedy) on stderr; a traceback or a second line fails."""
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert len(lines) == 1, self.err
        return lines[0]


Meterr = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_imports_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that imports would outlive its test, and its warnings end another one."""
    monkeypatch.setattr("meterr_etl.imports.import_ahead", lambda names: None)


@pytest.fixture
def meterr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Meterr:
    """Call it with arguments; it returns exit code, stdout and stderr."""

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["meterr", *arguments])
        settings.cache_clear()
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        settings.cache_clear()
        return Outcome(code, said.out, said.err)

    return call
