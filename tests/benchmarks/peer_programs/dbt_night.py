"""A dbt project that does what the handwritten script does: each of its tables is one model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.benchmarks.baseline import SCRIPT
from tests.benchmarks.datasets import Database

PROFILE = "bench"
CREATE = re.compile(r"^create table bench\.(\w+) as\n?(.*?);$", re.DOTALL | re.MULTILINE)
# What the script does to a table once it is filled.
AFTER = {
    "events": ["alter table {{ this }} add primary key (id)", "analyze {{ this }}"],
    "by_owner": ["analyze {{ this }}"],
}


def write_project(folder: Path, database: Database, schema: str) -> None:
    """Write the project into an empty folder; it builds in `schema`, from `schema`'s raw tables."""
    models = dict(CREATE.findall(SCRIPT.read_text(encoding="utf-8")))
    (folder / "models").mkdir(parents=True)
    for name, query in models.items():
        hooks = json.dumps(AFTER.get(name, []))
        # Numbers in parts, as a query is read again: `{{ ref() }}` says what is built first.
        text = re.sub(r"\bbench\.(\w+)", lambda found: _reference(found[1], models), query)
        config = f"{{{{ config(materialized='table', post_hook={hooks}) }}}}\n"
        (folder / "models" / f"{name}.sql").write_text(config + text, encoding="utf-8")
    _write_json(folder / "dbt_project.yml", {
        "name": PROFILE, "profile": PROFILE, "version": "1.0.0", "model-paths": ["models"],
        "flags": {"send_anonymous_usage_stats": False},
    })  # fmt: skip
    raw = {"organizations", "teams", "projects", "users", "api_keys", "token_usage"}
    tables = [{"name": name} for name in sorted(raw)]
    _write_json(folder / "models" / "sources.yml", {
        "sources": [{"name": "raw", "schema": schema, "tables": tables}],
    })  # fmt: skip
    _write_json(folder / "profiles.yml", {PROFILE: {
        "target": "bench", "outputs": {"bench": _output(database, schema)},
    }})  # fmt: skip


def run_dbt(folder: Path, command: str) -> None:
    """Let dbt parse or run the project, as a process of its own."""
    program = Path(sys.executable).with_name("dbt")
    options = ["--project-dir", folder, "--profiles-dir", folder, "--quiet"]
    subprocess.run([program, command, *options], check=True, cwd=folder)


def _reference(name: str, models: dict[str, str]) -> str:
    if name in models:
        return f"{{{{ ref('{name}') }}}}"
    return f"{{{{ source('raw', '{name}') }}}}"


def _output(database: Database, schema: str) -> dict[str, object]:
    parts = urlsplit(database.url)
    return {
        "type": "postgres", "host": parts.hostname, "port": parts.port, "user": parts.username,
        "password": unquote(parts.password or ""), "dbname": database.name, "schema": schema,
        "threads": 2,
    }  # fmt: skip


def _write_json(path: Path, content: dict[str, object]) -> None:
    # JSON is YAML.
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
