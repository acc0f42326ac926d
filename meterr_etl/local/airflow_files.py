"""The files of a local Airflow: its configuration, secrets and the modules that it imports."""

from __future__ import annotations

import configparser
import io
import os
import secrets
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from psycopg import conninfo

from meterr_etl.errors import ConflictError, InputError
from meterr_etl.local.credentials import Credentials
from meterr_etl.settings import PROJECT_ROOT, inherited_environment

ADMIN = "admin"
DAGS_FOLDER = PROJECT_ROOT / "dags"
PLUGINS_FOLDER = DAGS_FOLDER / "plugins"
LOCAL_SETTINGS = PROJECT_ROOT / "deploy" / "airflow" / "airflow_local_settings.py"

Sections = dict[str, dict[str, str]]


class AirflowFiles:
    """What lies in `<home>/airflow`, AIRFLOW_HOME of every process; secrets are of mode 0600."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "airflow"
        self.logs = self.folder / "logs"
        self.run = self.folder / "run"
        self._configuration = self.folder / "airflow.cfg"
        self._passwords = self.folder / "passwords.json"
        self._secrets = Credentials(self.folder / "secrets.json")

    @property
    def password(self) -> str:
        """The password of the login `admin`."""
        return Credentials(self._passwords).password_of(ADMIN)

    def write(self, *, database_url: str, port: int, parallelism: int) -> None:
        """Write everything that a start needs; passwords and secrets of before are kept.

        Raises:
            InputError: the DAGs that belong to this package are not beside it.
        """
        if not LOCAL_SETTINGS.exists() or not DAGS_FOLDER.exists():
            raise InputError(
                f"{PROJECT_ROOT} holds no dags/ and deploy/ to run Airflow with.",
                remedy="Run meterr from a clone of its repository.",
            )
        for folder in (self.folder, self.logs, self.run, self.folder / "config"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        Credentials(self._passwords).ensure(ADMIN)
        shutil.copyfile(LOCAL_SETTINGS, self.folder / "config" / LOCAL_SETTINGS.name)
        sections = self._sections(database_url, port, parallelism)
        write_private(self._configuration, _rendered(sections))

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the environment of a process of this Airflow, free of any other one's settings."""
        kept = {
            k: v
            for k, v in inherited_environment().items()
            if not k.startswith(("AIRFLOW_", "_AIRFLOW"))
        }
        # Uncompiled imports cost each of Airflow's processes about ten seconds.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        python_path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), kept.get("PYTHONPATH", "")]))
        return {
            **kept,
            "AIRFLOW_HOME": str(self.folder),
            "PYTHONPATH": python_path,
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
            **changes,
        }

    def _sections(self, database_url: str, port: int, parallelism: int) -> Sections:
        address = f"http://127.0.0.1:{port}"
        return {
            "core": {
                "executor": "LocalExecutor",
                "parallelism": str(parallelism),
                "dags_folder": str(DAGS_FOLDER),
                "plugins_folder": str(PLUGINS_FOLDER),
                "load_examples": "False",
                "fernet_key": self._secret("fernet_key", _fernet_key),
                "execution_api_server_url": f"{address}/execution/",
                "simple_auth_manager_users": f"{ADMIN}:admin",
                "simple_auth_manager_passwords_file": str(self._passwords),
            },
            "database": {
                "sql_alchemy_conn": _sqlalchemy_url(database_url, "postgresql+psycopg"),
                "sql_alchemy_conn_async": _sqlalchemy_url(database_url, "postgresql+psycopg_async"),
            },
            "api": {
                "host": "127.0.0.1",
                "port": str(port),
                "base_url": address,
                "workers": "1",
                "secret_key": self._secret("api_secret_key", _long_secret),
                "instance_name": "meterr",
            },
            "api_auth": {"jwt_secret": self._secret("jwt_secret", _long_secret)},
            # A task whose end its supervisor misses holds a slot until the next heartbeat.
            "workers": {"min_heartbeat_interval": "1"},
            # The pause between two looks for work is most of what a task costs beside its work.
            "scheduler": {"scheduler_idle_sleep_time": "0.2"},
            "dag_processor": {"refresh_interval": "30", "min_file_process_interval": "30"},
            "logging": {
                "base_log_folder": str(self.logs),
                "dag_processor_child_process_log_directory": str(self.logs / "dag_processor"),
                "colored_console_log": "False",
            },
            "usage_data_collection": {"enabled": "False"},
        }

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        try:
            return self._secrets.password_of(name)
        except ConflictError:
            return self._secrets.ensure(name, make())


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner reads, whole or not at all."""
    partial = path.with_suffix(f"{path.suffix}.new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def _fernet_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _long_secret() -> str:
    # HS512 asks for 64 bytes; a shorter key makes Airflow warn at every start.
    return secrets.token_urlsafe(64)


def _rendered(sections: Sections) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    # Airflow reads its file with interpolation, where a percent sign stands for itself twice.
    parser.read_dict(
        {
            section: {key: value.replace("%", "%%") for key, value in values.items()}
            for section, values in sections.items()
        }
    )
    text = io.StringIO()
    text.write("# Written by `meterr up` at every start; changes here are lost.\n")
    parser.write(text)
    return text.getvalue()


def _sqlalchemy_url(url: str, driver: str) -> str:
    parts = {key: str(value) for key, value in conninfo.conninfo_to_dict(url).items()}
    login = quote(parts.get("user", ""), safe="")
    if "password" in parts:
        login += f":{quote(parts['password'], safe='')}"
    host = f"{parts.get('host', '127.0.0.1')}:{parts.get('port', '5432')}"
    return f"{driver}://{login}@{host}/{quote(parts['dbname'], safe='')}"
