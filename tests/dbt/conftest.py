"""The dbt project, parsed, and a warehouse in which one night has been built by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from psycopg.rows import dict_row

from meterr_etl.settings import PROJECT_ROOT

PROJECT = PROJECT_ROOT / "dbt_project"
NIGHT = Path(__file__).parent / "night.sql"
MONTH_INPUTS = Path(__file__).parents[1] / "month_inputs.sql"
RUN_DBT = "from dbt.cli.main import cli; cli()"


@dataclass(frozen=True)
class Dbt:
    """A folder for what dbt writes; a call returns its exit code and what it printed."""

    folder: Path

    def __call__(self, *arguments: str, url: str = "", target: str = "s1") -> tuple[int, str]:
        parts = conninfo.conninfo_to_dict(url)
        variables = {
            f"METERR_DBT_{name.upper()}": str(parts[key])
            for name, key in zip(
                ("host", "port", "user", "password", "dbname"),
                ("host", "port", "user", "password", "dbname"),
                strict=True,
            )
            if parts.get(key)
        }
        written = str(self.folder / target)
        command = [
            *(sys.executable, "-W", "ignore", "-c", RUN_DBT, *arguments, "--target", target),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", written, "--log-path", written),
            *("--no-use-colors", "--no-version-check", "--no-send-anonymous-usage-stats"),
        ]
        done = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def manifest(self, target: str) -> dict[str, dict]:
        """What dbt last parsed for a target."""
        return json.loads((self.folder / target / "manifest.json").read_text())

    def compiled_tests(self) -> dict[str, str]:
        """The SQL of each data test that the last build ran, by name."""
        return {
            node["name"]: (PROJECT_ROOT / node["compiled_path"]).read_text()
            for node in self.manifest("s1")["nodes"].values()
            if node["resource_type"] == "test"
        }


@pytest.fixture(scope="session")
def parsed(tmp_path_factory) -> dict[str, dict]:
    """The manifest of the whole project, views included."""
    dbt = Dbt(tmp_path_factory.mktemp("parsed"))
    code, said = dbt("parse", target="published")
    assert code == 0, said
    return dbt.manifest("published")


@pytest.fixture(scope="session")
def models(parsed) -> dict[str, dict]:
    """Every model of the project by name."""
    return {n["name"]: n for n in parsed["nodes"].values() if n["resource_type"] == "model"}


@dataclass(frozen=True)
class Night:
    """A migrated warehouse in which dbt has built candidate_s1 from night.sql."""

    url: str = field(repr=False)
    dbt: Dbt
    said: str
    code: int

    def rows(self, query: str) -> list[dict[str, object]]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def night(postgres, migrated_template, tmp_path_factory) -> Iterator[Night]:
    dbt = Dbt(tmp_path_factory.mktemp("night"))
    with postgres.database("dbt", template=migrated_template) as name:
        url = postgres.url(name)
        with psycopg.connect(url) as connection:
            connection.execute(NIGHT.read_text())
            connection.execute(MONTH_INPUTS.read_text())
        code, said = dbt("build", "--select", "tag:candidate", url=url)
        # Marts of months are derived, not built; their unit tests need the tables that they read.
        of_months = Dbt(tmp_path_factory.mktemp("months"))
        code_of_months, said_of_months = of_months("test", "--select", "tag:monthly", url=url)
        code, said = code or code_of_months, said + said_of_months
        yield Night(url, dbt, said, code)


@pytest.fixture
def planted(night) -> Iterator[Callable[[str], psycopg.Connection]]:
    """Plants a fault in the candidate and takes it out again after the test."""
    with psycopg.connect(night.url, row_factory=dict_row) as connection:
        connection.execute("set search_path = candidate_s1")

        def plant(statement: str) -> psycopg.Connection:
            connection.execute(statement)
            return connection

        yield plant
        connection.rollback()
