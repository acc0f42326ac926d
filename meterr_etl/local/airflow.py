"""A local Airflow on the embedded PostgreSQL: api-server, scheduler and DAG processor."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from meterr_etl.errors import ConflictError, UnavailableError
from meterr_etl.local.airflow_client import AirflowClient
from meterr_etl.local.airflow_files import ADMIN, AirflowFiles
from meterr_etl.local.airflow_processes import ManagedProcess
from meterr_etl.local.ports import choose_port, is_free
from meterr_etl.settings import PROJECT_ROOT

PREFERRED_PORT = 8080
# No triggerer: nothing here is deferrable, and it would hold another 220 MB.
COMMANDS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
# The api-server goes last: tasks report their end to it.
STOP_ORDER = ("scheduler", "dag-processor", "api-server")
HEALTH = {
    "metadatabase": "metadatabase",
    "scheduler": "scheduler",
    "dag_processor": "dag-processor",
}
PARALLEL_TASKS = 4
START_TIMEOUT_S = 240.0
STOP_GRACE_S = 10.0
POLL_S = 0.25

Progress = Callable[[str], None]


class LocalAirflow:
    """One Airflow in one folder, on 127.0.0.1, with a generated password.

    Args:
        home: the state folder; Airflow's files lie in its sub-folder `airflow`.
    """

    def __init__(self, home: Path) -> None:
        self._files = AirflowFiles(home)
        self._port_file = home / "airflow.port"
        self._processes = {
            name: ManagedProcess(name, self._files.run, self._files.logs / f"{name}.log")
            for name in COMMANDS
        }

    @property
    def address(self) -> str:
        """Where the UI answers.

        Raises:
            ConflictError: this Airflow was never started.
        """
        if not self._port_file.exists():
            raise ConflictError("There is no Airflow here yet.", remedy="Run `meterr up` first.")
        return f"http://127.0.0.1:{int(self._port_file.read_text())}"

    @property
    def login(self) -> tuple[str, str]:
        """User and password of the UI."""
        return ADMIN, self._files.password

    @property
    def folder(self) -> Path:
        """AIRFLOW_HOME: configuration and logs."""
        return self._files.folder

    def client(self) -> AirflowClient:
        """Return a client of this Airflow's API, logged in."""
        return AirflowClient(self.address, *self.login)

    def is_running(self) -> bool:
        """Whether all processes live."""
        return all(process.is_running() for process in self._processes.values())

    def start(
        self,
        database_url: str,
        environment: Mapping[str, str],
        *,
        parallelism: int = PARALLEL_TASKS,
        progress: Progress = lambda _: None,
    ) -> None:
        """Start what does not run yet and wait until all of it is healthy.

        Args:
            database_url: libpq URL of Airflow's own database, owned by the role it names.
            environment: variables for the tasks, METERR_* above all.
            parallelism: how many tasks run at a time.
            progress: told in a few words what is being waited for.

        Raises:
            UnavailableError: a process died or did not become healthy; says why, with its log.
        """
        if self.is_running() and self._unhealthy() == []:
            return
        # What is left of a start or a machine that went down must not answer beside the new one.
        self.stop()
        self._port_file.write_text(str(self._choose_port()))
        port = int(self._port_file.read_text())
        self._files.write(database_url=database_url, port=port, parallelism=parallelism)
        variables = self._files.environment(**environment)
        progress("preparing Airflow's database")
        self._migrate(variables)
        for name, arguments in COMMANDS.items():
            self._processes[name].start(_airflow(*arguments), variables, PROJECT_ROOT)
        self._wait_until_healthy(progress)

    def stop(self, *, grace_s: float = STOP_GRACE_S) -> bool:
        """Stop every process, also those of an earlier command, and all that they forked.

        Returns:
            Whether anything ran.
        """
        ran = any(process.is_running() for process in self._processes.values())
        for name in STOP_ORDER:
            self._processes[name].stop(grace_s=grace_s)
        return ran

    def _choose_port(self) -> int:
        if self._port_file.exists() and is_free(int(self._port_file.read_text())):
            return int(self._port_file.read_text())
        return choose_port(PREFERRED_PORT)

    def _migrate(self, variables: Mapping[str, str]) -> None:
        done = subprocess.run(  # noqa: S603
            _airflow("db", "migrate"),
            env=dict(variables),
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise UnavailableError(
                f"Airflow's database can't be prepared:\n{tail}",
                remedy="Mend what it names and run `meterr up` again.",
            )

    def _wait_until_healthy(self, progress: Progress) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while waiting := self._unhealthy():
            self._raise_if_dead()
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"Airflow's {', '.join(waiting)} did not become healthy in "
                    f"{START_TIMEOUT_S:.0f} seconds.",
                    remedy=f"Look into the logs in {self._files.logs}, then run `meterr up` again.",
                )
            progress(f"waiting for Airflow's {', '.join(waiting)}")
            time.sleep(POLL_S)

    def _unhealthy(self) -> list[str]:
        try:
            answer = httpx.get(f"{self.address}/api/v2/monitor/health", timeout=5).json()
        except (httpx.HTTPError, ValueError):
            return ["api-server"]
        return [
            name
            for key, name in HEALTH.items()
            if (answer.get(key) or {}).get("status") != "healthy"
        ]

    def _raise_if_dead(self) -> None:
        for name, process in self._processes.items():
            if not process.is_running():
                tail = process.last_lines()
                self.stop()
                raise UnavailableError(
                    f"Airflow's {name} died while starting. The end of its log:\n{tail}",
                    remedy=f"Mend what it names, then `meterr up`; the log is {process.log}.",
                )


def _airflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]
