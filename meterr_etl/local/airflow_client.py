"""A client of Airflow's public API: just the calls that a local run of the DAGs needs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from meterr_etl.errors import BusyError, UnavailableError

TIMEOUT_S = 30.0
POLL_S = 0.5
FINISHED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG, as Airflow sees it; `day` is its logical date's, `seconds` its duration."""

    run_id: str
    run_type: str
    day: date | None
    state: str
    note: str | None
    seconds: float | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it will run any more."""
        return self.state in FINISHED


class AirflowClient:
    """Talks to one Airflow with a token of its login.

    Raises:
        UnavailableError: it does not answer, or refuses; the message repeats what it said.
    """

    def __init__(self, address: str, user: str, password: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_S)
        answer = self._call("POST", "/auth/token", {"username": user, "password": password})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def wait_for_dag(self, dag_id: str, *, timeout_s: float) -> None:
        """Wait until the DAG processor has read the DAG.

        Raises:
            UnavailableError: it has not, or could not import it; the message says why.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            known = self._call("GET", "/api/v2/dags", params={"dag_id_pattern": dag_id})
            if any(dag["dag_id"] == dag_id for dag in known["dags"]):
                return
            broken = self._call("GET", "/api/v2/importErrors")["import_errors"]
            if broken or time.monotonic() > deadline:
                why = broken[0]["stack_trace"].strip() if broken else "It was not read in time."
                raise UnavailableError(
                    f"Airflow does not know the DAG {dag_id}. {why}",
                    remedy="Look into dag-processor.log in Airflow's logs.",
                )
            time.sleep(POLL_S)

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run the DAG; it starts the latest closed interval by itself."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def create_backfill(
        self,
        dag_id: str,
        first: date,
        last: date,
        *,
        max_active_runs: int,
        reprocess: str = "none",
        run_backwards: bool = False,
    ) -> int:
        """Start a backfill of a range of days, both included, and return its id.

        Args:
            dag_id: the DAG.
            first: first day.
            last: last day.
            max_active_runs: how many days run at a time.
            reprocess: `none` (missing days only), `failed` or `completed` (all).
            run_backwards: whether the last day goes first.

        Raises:
            BusyError: another backfill of this DAG is not over.
        """
        answer = self._call(
            "POST",
            "/api/v2/backfills",
            {
                "dag_id": dag_id,
                "from_date": f"{first}T00:00:00Z",
                "to_date": f"{last}T00:00:00Z",
                "max_active_runs": max_active_runs,
                "reprocess_behavior": reprocess,
                "run_backwards": run_backwards,
            },
        )
        return int(answer["id"])

    def trigger(self, dag_id: str, conf: dict[str, object]) -> str:
        """Start one manual run without a logical date and return its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[DagRun]:
        """Return the DAG's runs by day, the latest hundred."""
        params = {"limit": 100, "order_by": "-run_after"}
        answer = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=params)
        found = [_dag_run(entry) for entry in answer["dag_runs"]]
        return sorted(found, key=lambda run: (run.day or date.min, run.run_id))

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return one run of the DAG."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
        return _dag_run(self._call("GET", path))

    def has_active_backfill(self, dag_id: str) -> bool:
        """Whether a backfill of the DAG is not over, so that another one would be refused."""
        answer = self._call("GET", "/api/v2/backfills", params={"dag_id": dag_id, "limit": 100})
        return any(entry["completed_at"] is None for entry in answer["backfills"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run; `none` where it was not started."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        entries = self._call("GET", path)["task_instances"]
        return {entry["task_id"]: entry["state"] or "none" for entry in entries}

    def task_log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """Return the text of one task's log."""
        run = quote(run_id, safe="")
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}/logs/{attempt}"
        entries = self._call("GET", path)["content"]
        return "\n".join(str(e.get("event", e)) if isinstance(e, dict) else str(e) for e in entries)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, json=body, params=params)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"Airflow at {self._http.base_url} does not answer: {error}.",
                remedy="Start it with `meterr up`.",
            ) from error
        if answer.status_code == httpx.codes.CONFLICT:
            raise BusyError(
                f"Airflow refuses: {_detail(answer)}",
                remedy="Wait until the other one is over; Airflow notices that within a minute.",
            )
        if answer.is_error:
            raise UnavailableError(
                f"Airflow answered {method} {path} with {answer.status_code}: {_detail(answer)}",
                remedy="Look into api-server.log in Airflow's logs.",
            )
        parsed: dict[str, Any] = answer.json()
        return parsed


def _dag_run(entry: dict[str, Any]) -> DagRun:
    moment = entry["logical_date"]
    return DagRun(
        run_id=entry["dag_run_id"],
        run_type=entry["run_type"],
        day=date.fromisoformat(moment[:10]) if moment else None,
        state=entry["state"],
        note=entry["note"],
        seconds=entry["duration"],
    )


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
