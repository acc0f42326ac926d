"""Secrets of the deployment: made once, kept in files, handed to a process and to nobody else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from meterr_etl.settings import PROJECT_ROOT


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder of secrets as the script makes them, in a copy of deploy/."""
    script = tmp_path / "make-secrets.sh"
    script.write_text((PROJECT_ROOT / "deploy" / "make-secrets.sh").read_text())
    url = "postgresql://reader:r%2Fp@db.example.org:6543/postgres"
    subprocess.run(["sh", str(script), url], check=True, capture_output=True)
    return tmp_path / "secrets"


def entered(secrets: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(PROJECT_ROOT / "deploy" / "entrypoint.sh"), *command],
        env={
            "PATH": os.environ["PATH"],
            "METERR_SECRETS_FOLDER": str(secrets),
            "TMPDIR": str(secrets.parent),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_makes_every_secret_and_keeps_those_that_stand(secrets: Path) -> None:
    compose = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
    made = {path.name: path.read_text() for path in secrets.iterdir()}
    assert set(made) == set(compose["secrets"])
    assert len(set(made.values())) == len(made)
    assert all(len(value) >= 24 for value in made.values())
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    again = subprocess.run(
        ["sh", str(secrets.parent / "make-secrets.sh")], check=True, capture_output=True, text=True
    )
    assert again.stdout == ""
    assert {path.name: path.read_text() for path in secrets.iterdir()} == made


def test_the_script_asks_for_the_source_before_it_writes_anything(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_text((PROJECT_ROOT / "deploy" / "make-secrets.sh").read_text())
    done = subprocess.run(["sh", str(script)], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr
    assert not (tmp_path / "secrets").exists()


def test_the_entrypoint_turns_the_secret_files_into_settings(secrets: Path) -> None:
    lines = entered(secrets, "env").stdout.splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line)
    warehouse = (secrets / "warehouse_password").read_text()
    assert settings["METERR_WAREHOUSE_URL"] == (
        f"postgresql://meterr:{warehouse}@postgres:5432/warehouse"
    )
    assert settings["METERR_SOURCE_URL"] == (secrets / "source_url").read_text()
    assert settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith(
        "postgresql+psycopg://airflow:"
    )
    logins = Path(settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    password = (secrets / "airflow_admin_password").read_text()
    assert json.loads(logins.read_text()) == {"admin": password}
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["jwt_secret", "warehouse_password", "airflow_admin_password"])
def test_a_missing_secret_stops_the_container_and_is_named(secrets: Path, name: str) -> None:
    (secrets / name).unlink()
    done = entered(secrets, "env")
    assert done.returncode == 78
    assert f"The secret '{name}' is missing" in done.stderr
    assert done.stdout == ""
