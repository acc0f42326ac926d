"""The lock files are whole, hashed, free of addresses; ours is in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$", re.MULTILINE)


def faults(lock: str) -> list[str]:
    """What keeps a lock file from being installed anywhere with hashes checked."""
    found = [line for line in lock.splitlines() if "://" in line or line.startswith("-")]
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    found += [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    found += [entry.split()[0] for entry in entries if not PIN.match(entry)]
    return found


@pytest.fixture(scope="module")
def lock(repository):
    return (repository.root / "requirements.lock").read_text()


@pytest.mark.parametrize(
    ("path", "pins"), [("requirements.lock", 100), ("tests/benchmarks/peers.lock", 30)]
)
def test_every_line_is_a_pin_with_its_hashes_and_no_address(repository, path, pins):
    lock = (repository.root / path).read_text()
    assert faults(lock) == []
    assert len(PIN.findall(lock)) > pins


@pytest.mark.parametrize(
    "line", ["--index-url https://example.com", "a @ https://example.com/a.whl", "a==1", "a>=1 \\"]
)
def test_a_line_that_is_no_hashed_pin_is_seen(line):
    assert faults(line + "\n")


def test_it_satisfies_what_the_project_declares(lock, repository):
    project = tomllib.loads((repository.root / "pyproject.toml").read_text())["project"]
    pins = {canonicalize_name(name): version for name, version in PIN.findall(lock)}
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    unmet = [
        text
        for text in declared
        for wanted in [Requirement(text)]
        if not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0"))
        or canonicalize_name(wanted.name) not in pins
    ]
    assert unmet == []
