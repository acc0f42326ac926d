"""Runs dbt inside this process: the one place that imports it.

dbt keeps global state and takes seconds to import and to parse, so it is called once per run,
never per model, and it builds in schemas of fixed names: a changed schema would make it parse the
whole project again (reference: dbt-core #6323).
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
import warnings
from dataclasses import dataclass
from os import getuid
from pathlib import Path
from typing import Any

from psycopg import conninfo

from meterr_etl.errors import ConflictError, MeterrError
from meterr_etl.settings import PROJECT_ROOT, environment, settings
from meterr_etl.warehouse.connection import LOCAL_HOSTS, warehouse_url

logger = logging.getLogger(__name__)

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
THREADS = 4
# A killed build must not leave a query behind that works on for nobody and holds its schema.
SESSION_OPTIONS = "-c timezone=UTC -c client_connection_check_interval=1s"

# dbt's flags and adapters are global: two invocations in one process would mix their settings.
_one_at_a_time = threading.Lock()


class BuildFailedError(MeterrError):
    """dbt could not build a model, or a data test of it found rows that must not be."""

    exit_code = 8


@dataclass(frozen=True)
class Place:
    """Where one invocation builds.

    Args:
        target: the output of profiles.yml.
        schema: the schema that `target.schema` names.
        lock_timeout: how long a statement may wait for readers; 0 waits for ever.
    """

    target: str
    schema: str
    lock_timeout: str = "0"

    @property
    def folder(self) -> Path:
        """The folder of this place's parse and compiled SQL: one per database and schema."""
        parts = _url_parts()
        identity = [str(parts.get(key, "")) for key in ("host", "port", "dbname", "user")]
        digest = hashlib.sha256("\n".join([str(DBT_PROJECT), *identity]).encode()).hexdigest()
        return _state_folder() / digest[:16] / self.schema

    def variables(self) -> dict[str, str]:
        """Return what profiles.yml and libpq read, for the time of an invocation."""
        parts = {key: str(value) for key, value in _url_parts().items()}
        host, password = parts.get("host", ""), parts.get("password", "")
        is_local = host in LOCAL_HOSTS or host.startswith("/")
        return {
            "METERR_DBT_HOST": host,
            "METERR_DBT_PORT": parts.get("port", "5432"),
            "METERR_DBT_USER": parts.get("user", ""),
            "METERR_DBT_DBNAME": parts.get("dbname", ""),
            "METERR_DBT_SSLMODE": parts.get("sslmode", "prefer" if is_local else "require"),
            "METERR_DBT_PASSWORD": password,
            # dbt blots out, wherever it writes, the value of a variable whose name starts so.
            "DBT_ENV_SECRET_METERR_PASSWORD": password,
            "PGOPTIONS": f"{SESSION_OPTIONS} -c lock_timeout={self.lock_timeout}",
            # The rest of what the URL says about TLS reaches libpq by variables of its own.
            **{f"PG{key.upper()}": parts[key] for key in parts if key.startswith("ssl")},
        }


@dataclass(frozen=True)
class Built:
    """One node as dbt left it; `rows` is what its statement wrote, where the server says so."""

    name: str
    kind: str
    rows: int | None


def parse_project(place: Place) -> Any:
    """Return dbt's manifest of the project.

    Raises:
        BuildFailedError: the project can't be parsed.
    """
    return _invoke(["parse"], place)


def compile_models(place: Place, select: str) -> dict[str, str]:
    """Return the SQL of each selected model as the server would get it, by name.

    Raises:
        BuildFailedError: a model can't be compiled.
    """
    outcome = _invoke(["compile", "--select", select, "--no-populate-cache"], place)
    return {str(result.node.name): str(result.node.compiled_code) for result in outcome.results}


def build_tables(place: Place, select: str, *, exclude: str | None = None) -> tuple[Built, ...]:
    """Build the selected models in a schema that lacks them, and judge them by their data tests.

    Raises:
        BuildFailedError: a model could not be built, or a test of it failed; names the first.
    """
    # In an empty schema there is nothing to know beforehand; unit tests are for the build server.
    tests = ["--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    chosen = ["--select", select, *(["--exclude", exclude] if exclude else [])]
    return _built(_invoke(["build", *chosen, *tests, "--no-populate-cache"], place))


def build_views(place: Place, select: str) -> tuple[Built, ...]:
    """Build the selected models over what stands.

    Raises:
        BuildFailedError: a model could not be built; names the first.
    """
    return _built(_invoke(["run", "--select", select], place))


def _built(outcome: Any) -> tuple[Built, ...]:
    return tuple(
        Built(
            str(result.node.name),
            str(result.node.resource_type.value),
            result.adapter_response.get("rows_affected"),
        )
        for result in outcome.results
    )


def write_dbt_docs(target_dir: Path) -> Path:
    """Write dbt's documentation of the marts as one self-contained page; returns its path.

    Raises:
        BuildFailedError: the project can't be compiled.
    """
    place = Place("published", "marts")
    command = ["docs", "generate", "--static", "--target-path", str(target_dir)]
    _invoke(command, place, write_json=True)
    return target_dir / "static_index.html"


def _invoke(command: list[str], place: Place, *, write_json: bool = False) -> Any:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - seconds; paid where dbt is needed

    folder = place.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    arguments = [
        *command,
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target", place.target, "--log-path", str(folder)),
        *([] if "--target-path" in command else ["--target-path", str(folder)]),
        *(["--threads", str(THREADS)] if command[0] != "parse" else []),
        *("--log-level", "none", "--log-level-file", "none", "--no-print", "--no-use-colors"),
        *("--static-parser", "--no-version-check", "--no-send-anonymous-usage-stats"),
        *([] if write_json else ["--no-write-json"]),
    ]
    with _one_at_a_time, environment(**place.variables()), warnings.catch_warnings():
        # Warnings of dbt's own code are not ours to mend; those on our project come as events.
        warnings.simplefilter("ignore")
        outcome = dbtRunner(callbacks=[_log_event]).invoke(arguments)
    if not outcome.success:
        raise _failure(command[0], outcome)
    return outcome.result


def _failure(command: str, outcome: Any) -> BaseException:
    error = outcome.exception
    if error is not None and not isinstance(error, Exception):
        return error  # type: ignore[no-any-return]  # dbt swallows an interrupt: hand it on
    failed = [r for r in getattr(outcome.result, "results", []) if r.status in ("error", "fail")]
    if failed:
        node, kind = failed[0].node, failed[0].node.resource_type.value
        did = "could not build model" if kind == "model" else f"failed {kind}"
        more = f" ({len(failed) - 1} more failed.)" if len(failed) > 1 else ""
        return BuildFailedError(
            f"dbt {did} {node.name}: {_one_line(failed[0].message)}{more}",
            remedy=f"See {node.original_file_path}; nothing was published.",
        )
    return BuildFailedError(
        f"dbt {command} failed: {_one_line(error)}",
        remedy=f"Check the project in {DBT_PROJECT.name} and the warehouse's address.",
    )


def _one_line(message: object) -> str:
    return " ".join(str(message).split())[:1000]


def _log_event(event: Any) -> None:
    if event.info.name in ("LogModelResult", "LogTestResult"):
        level = logging.INFO
    else:
        # Errors are raised, once and whole; saying them here too would say them twice.
        level = logging.WARNING if event.info.level == "warn" else logging.DEBUG
    logger.log(level, "dbt: %s", event.info.msg)


def _url_parts() -> dict[str, Any]:
    return conninfo.conninfo_to_dict(warehouse_url())


def _state_folder() -> Path:
    home = settings().home
    if home is not None:
        return home.expanduser().absolute() / "dbt"
    folder = Path(tempfile.gettempdir()) / f"meterr-dbt-{getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != getuid():
        raise ConflictError(
            f"The folder {folder} belongs to another user.", remedy="Set METERR_HOME to your own."
        )
    return folder
