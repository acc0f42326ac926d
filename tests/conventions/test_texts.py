"""No text of the repository names a registry, a machine, or work that was left open."""

from __future__ import annotations

import re

import pytest

# Written in parts, so that this file does not break its own rules.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian.org",
    "static.crates" + ".io", "ghcr" + ".io", "docker" + ".io",
]  # fmt: skip
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt/pypi|opt/wheels)" + r"/")
MACHINERY = ["farm-" + "bench", "farm-" + "studio"]
OPEN_WORK = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


def offences(text: str) -> list[str]:
    """The forbidden things that a text holds."""
    found = [word for word in (*REGISTRIES, *MACHINERY) if word in text]
    found += [match.group() for match in MACHINE.finditer(text)]
    found += [match.group() for match in OPEN_WORK.finditer(text)]
    return found


def test_no_text_names_a_registry_a_machine_or_open_work(repository):
    found = {name: bad for name, text in repository.texts().items() if (bad := offences(text))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://" + REGISTRIES[0] + "/simple",
        "see /wo" + "rk/main/x",
        "cd /ro" + "ot/.cache",
        "# TO" + "DO later",
        MACHINERY[0],
    ],
)
def test_each_rule_sees_its_offence(text):
    assert offences(text)


@pytest.mark.parametrize("text", ["/network/main", "shared/root/x", "https://example.com/work"])
def test_ordinary_words_are_no_offence(text):
    assert offences(text) == []
