"""docker-compose.yml as a team would deploy it, checked without a container engine."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from meterr_etl.cli.main import app as meterr_app
from meterr_etl.local.airflow_files import AirflowFiles
from meterr_etl.settings import PROJECT_ROOT

COMPOSE_FILE = PROJECT_ROOT / "docker-compose.yml"
DOCKERFILE = PROJECT_ROOT / "Dockerfile"
LONG_RUNNING = {"postgres", "api-server", "scheduler", "dag-processor", "triggerer"}
OURS = {"migrate", "api-server", "scheduler", "dag-processor", "triggerer"}
SECRET_WORDS = re.compile(r"password|secret|key|token", re.IGNORECASE)

Compose = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Compose:
    return yaml.safe_load(COMPOSE_FILE.read_text())


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    # The compose specification's own schema (Apache-2.0), as the package check-jsonschema ships it.
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / "compose-spec.json").read_text())


def faults(compose: Compose, specification: dict[str, Any]) -> list[str]:
    validator = jsonschema.validators.validator_for(specification)(specification)
    return [error.message for error in validator.iter_errors(compose)]


def test_the_file_keeps_to_the_compose_specification(compose, specification) -> None:
    assert faults(compose, specification) == []


def test_the_specification_notices_a_planted_fault(compose, specification) -> None:
    broken = copy.deepcopy(compose)
    broken["services"]["scheduler"]["healtcheck"] = {}
    assert faults(broken, specification)


def test_the_services_are_those_of_an_airflow_and_its_database(compose: Compose) -> None:
    assert set(compose["services"]) == LONG_RUNNING | {"migrate"}


def test_one_image_is_built_from_this_repository(compose: Compose) -> None:
    services = compose["services"]
    assert {services[name]["image"] for name in OURS} == {"meterr-etl:0.1.0"}
    assert [name for name in OURS if "build" in services[name]] == ["migrate"]
    assert services["migrate"]["build"] == "."


def test_postgres_is_pinned_to_the_major_version_of_the_embedded_one(compose: Compose) -> None:
    assert compose["services"]["postgres"]["image"] == "postgres:18"


def test_nothing_listens_beyond_this_machine(compose: Compose) -> None:
    published = [p for service in compose["services"].values() for p in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_service_that_stays_is_watched_limited_and_started_again(compose: Compose) -> None:
    for name in LONG_RUNNING:
        service = compose["services"][name]
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(
            service["healthcheck"]
        ), name
        assert service["restart"] == "unless-stopped", name
        assert service["deploy"]["resources"]["limits"]["memory"], name


def test_nothing_starts_before_the_tables_are_there(compose: Compose) -> None:
    for name in OURS - {"migrate"}:
        assert compose["services"][name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    assert compose["services"]["migrate"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"}
    }


def test_our_services_have_no_rights_that_they_do_not_need(compose: Compose) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
        assert "user" not in service
    assert re.search(r"^USER meterr$", DOCKERFILE.read_text(), re.MULTILINE)


def test_every_secret_is_a_file_and_none_is_in_the_environment(compose: Compose) -> None:
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not SECRET_WORDS.search(name) or name.endswith("_FILE"), name
            assert "://" not in value or value.startswith("http://"), name
    assert not re.search(r"\$\{[^}]*:-", COMPOSE_FILE.read_text()), "a default may be a password"


def test_each_service_is_given_only_secrets_that_exist(compose: Compose) -> None:
    used = {name for service in compose["services"].values() for name in service["secrets"]}
    assert used == set(compose["secrets"])


def test_volumes_and_networks_that_are_used_are_declared(compose: Compose) -> None:
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (PROJECT_ROOT / source).is_file(), source
            else:
                assert source in compose["volumes"]
        assert set(service["networks"]) <= set(compose["networks"])


def test_every_file_that_the_image_copies_exists_and_reaches_the_builder() -> None:
    allowed = [
        line.removeprefix("!")
        for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    copies = re.compile(r"^COPY (?:--chmod=\d+ )?([^-\s]\S*) \S+$", re.MULTILINE)
    copied = copies.findall(DOCKERFILE.read_text())
    assert {"requirements.lock", ".", "deploy/entrypoint.sh"} <= set(copied)
    for path in copied:
        assert (PROJECT_ROOT / path).exists(), path
        assert path == "." or any(path.split("/")[0] == root for root in allowed), path
    assert all((PROJECT_ROOT / root).exists() for root in allowed)


def test_the_image_keeps_the_secrets_out() -> None:
    lines = (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
    assert lines.index("deploy/secrets") > lines.index("!deploy")
    assert "secrets/" in (PROJECT_ROOT / "deploy" / ".gitignore").read_text().splitlines()


def meterr_commands() -> set[str]:
    root = typer.main.get_command(meterr_app)
    names = set()
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        children = getattr(command, "commands", {})
        names |= {f"{name} {child}" for child in children} or {name}
    return names


def test_every_command_of_our_services_exists(compose: Compose) -> None:
    known = airflow_commands()
    for name in OURS:
        command = compose["services"][name]["command"]
        calls = command[2].split(" && ") if command[0] == "sh" else [shlex.join(command)]
        for call in calls:
            program, *arguments = shlex.split(call)
            words = " ".join(argument for argument in arguments if not argument.startswith("-"))
            if program == "meterr":
                assert words in meterr_commands()
            else:
                assert program == "airflow"
                assert arguments[0] in known


def airflow_commands() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "--help"],
        env={**os.environ, "AIRFLOW_HOME": os.environ["METERR_HOME"], "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^ {4,8}([a-z][a-z-]+)\s", done.stdout, re.MULTILINE))


def test_the_containers_run_airflow_as_the_demo_does(compose: Compose, tmp_path: Path) -> None:
    files = AirflowFiles(tmp_path)
    files.write(database_url="postgresql://a:b@127.0.0.1/airflow", port=8080, parallelism=4)
    local = (tmp_path / "airflow" / "airflow.cfg").read_text()
    environment = compose["services"]["scheduler"]["environment"]
    for section, option in (
        ("core", "executor"),
        ("scheduler", "scheduler_idle_sleep_time"),
        ("workers", "min_heartbeat_interval"),
        ("core", "parallelism"),
    ):
        value = environment[f"AIRFLOW__{section.upper()}__{option.upper()}"]
        assert f"{option} = {value}\n" in local, option
