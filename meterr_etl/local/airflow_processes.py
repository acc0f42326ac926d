"""Processes that outlive the command that started them, each stopped with all it forked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from meterr_etl.errors import InvariantError

TAIL_LINES = 15
CLOCK_TOLERANCE_S = 2.0
POLL_S = 0.1
# Children of this very process: kept so that they are reaped once dead, and never waited for.
_CHILDREN: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ManagedProcess:
    """One named process with its pid file and log; works from any later command too."""

    name: str
    run_folder: Path
    log: Path

    @property
    def pid_file(self) -> Path:
        """Where the process's id and start time are kept."""
        return self.run_folder / f"{self.name}.json"

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start the command detached, its output appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            started = subprocess.Popen(  # noqa: S603
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A session of its own: Airflow moves tasks into groups of their own, but whatever
                # it forks stays in the session, so none is missed when the session is ended.
                start_new_session=True,
            )
        _CHILDREN.append(started)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        born = psutil.Process(started.pid).create_time()
        self.pid_file.write_text(json.dumps({"pid": started.pid, "create_time": born}))

    def is_running(self) -> bool:
        """Whether the process that was started (not one that got its number since) still lives."""
        leader = self._leader()
        return leader is not None and leader.status() != psutil.STATUS_ZOMBIE

    def stop(self, *, grace_s: float) -> None:
        """End the process and all that it forked: asked first, forced after `grace_s` seconds.

        Raises:
            InvariantError: a process survived being killed (it hangs in the kernel).
        """
        members = self._members()
        if self.is_running():
            _send(members, signal.SIGTERM)
            if not self._wait_until_gone(grace_s):
                _send(self._members(), signal.SIGKILL)
        else:
            # Orphans of a leader that died have nobody left to tell them to end well.
            _send(members, signal.SIGKILL)
        if not self._wait_until_gone(10):
            left = ", ".join(str(process.pid) for process in self._members())
            raise InvariantError(
                f"Processes {left} of {self.name} can't be ended.",
                remedy="They hang in the operating system; restart the machine.",
            )
        self.pid_file.unlink(missing_ok=True)
        _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]

    def last_lines(self) -> str:
        """Return the end of the log, where a process says why it died."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def _wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._members():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def _record(self) -> tuple[int, float] | None:
        try:
            content = json.loads(self.pid_file.read_text())
            return int(content["pid"]), float(content["create_time"])
        except (OSError, ValueError, KeyError):
            return None

    def _leader(self) -> psutil.Process | None:
        record = self._record()
        if record is None:
            return None
        try:
            process = psutil.Process(record[0])
            same = abs(process.create_time() - record[1]) < CLOCK_TOLERANCE_S
        except psutil.Error:
            return None
        return process if same else None

    def _members(self) -> list[psutil.Process]:
        """Return the living processes of the session that the leader opened."""
        record = self._record()
        if record is None or (psutil.pid_exists(record[0]) and self._leader() is None):
            # The number is another program's now; the system gives none away that is a session's.
            return []
        return [p for p in psutil.process_iter() if _session(p) == record[0] and _is_alive(p)]


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
