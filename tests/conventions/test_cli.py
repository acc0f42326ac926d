"""Every command explains itself, its example and the documents' examples can be run."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from meterr_etl.cli.main import app

# What DESIGN §13 names for this version; a command that vanishes breaks someone's script.
PROMISED = {
    "demo", "up", "down", "migrate", "seed", "run", "backfill", "status", "sql",
    "quarantine list", "quarantine replay", "sweep", "waive", "reprice", "explain",
    "source list", "source check", "prices sync", "prices show", "prices diff", "prices alias",
    "period close", "period verify", "period list", "export focus",
    "budgets load", "budgets list",
    "charges check", "charges preview", "charges load", "charges list",
    "contracts check", "contracts preview", "contracts load", "contracts list",
    "exchange-rates load", "exchange-rates list",
    "report chargeback", "report budget", "report savings",
    "allocation check", "allocation preview", "allocation load", "allocation list",
}  # fmt: skip
WITHOUT_DATA = {"demo", "up", "down"}
HEAVY = {
    "airflow",
    "dbt",
    "great_expectations",
    "pandas",
    "psycopg",
    "pyarrow",
    "sqlalchemy",
    "genai_prices",
}
ROOT_COMMAND: Any = typer.main.get_command(app)


def commands(group: Any = ROOT_COMMAND, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        full = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            yield from commands(command, full)
        else:
            yield full, command


ALL = dict(commands())


def parse(line: str) -> None:
    """Read a command line as the shell would, and run nothing.

    Raises:
        Exception: no such command or option, or an argument is missing.
    """
    words = shlex.split(line)[1:]
    command: Any = ROOT_COMMAND
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    # `meterr report` does something of its own, too.
    if hasattr(command, "commands") and not command.invoke_without_command:
        raise AssertionError(f"no such command: {line}")
    if not {"--help", "-h"} & set(words):
        command.make_context(command.name, words)


def documented_calls(text: str) -> list[str]:
    """Every call of `meterr` in a document's code blocks and sentences, up to a pipe or comment."""
    blocks = re.findall(r"^[ ]*```\w*\n(.*?)^[ ]*```", text, re.DOTALL | re.MULTILINE)
    pieces = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [
        first_command(piece[found.start("call") :])
        for piece in (*blocks, *pieces)
        for found in re.finditer(r"(?:^|[\s/])(?P<call>meterr\s)", piece)
    ]


def first_command(code: str) -> str:
    """The first command of a piece of shell: quotes may span lines, a newline else ends it."""
    lexer = shlex.shlex(code, posix=True, punctuation_chars="|&;<>\n")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    words = list(itertools.takewhile(lambda word: not set(word) <= set("|&;<>\n"), lexer))
    return shlex.join(words)


def test_the_promised_commands_exist():
    assert set(ALL) >= PROMISED


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_and_an_example_that_can_be_run(name):
    assert ALL[name].help
    example = ALL[name].epilog.removeprefix("Example: ")
    assert example.startswith(f"meterr {name}")
    parse(example)


@pytest.mark.parametrize("name", [name for name in ALL if name not in WITHOUT_DATA])
def test_every_command_with_data_speaks_json(name):
    assert any("--json" in parameter.opts for parameter in ALL[name].params)


@pytest.mark.parametrize(
    "line", ["meterr nosuch", "meterr run --nosuch", "meterr sql", "meterr source"]
)
def test_a_call_that_can_not_be_run_is_seen(line):
    with pytest.raises(Exception, match=r"(?i)no such|missing"):
        parse(line)


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_every_call_that_a_document_shows_can_be_run(repository, document):
    for call in documented_calls((repository.root / document).read_text()):
        parse(call)


def test_calls_are_found_in_blocks_and_in_sentences():
    text = (
        "Say `meterr status` or `meterr`.\n\n"
        "  ```bash\n  $ .venv/bin/meterr run --json | jq . # all\n"
        "  .venv/bin/meterr sql \"select 'a > b'\n    from t\"\n  make demo\n  ```\n"
    )
    assert documented_calls(text) == [
        "meterr run --json",
        "meterr sql 'select '\"'\"'a > b'\"'\"'\n    from t'",
        "meterr status",
    ]


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_every_make_target_that_a_document_shows_exists(repository, document):
    makefile = (repository.root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"`make ([a-z-]+)`", (repository.root / document).read_text())
    assert set(named) <= targets


def test_help_imports_nothing_heavy():
    # `meterr --help` answers in a third of a second; each of these would cost more than that.
    code = "import sys, meterr_etl.cli.main; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
