"""Opens every database connection of the product: warehouse roles and read-only sources."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import psycopg
from psycopg import conninfo, sql
from pydantic import SecretStr
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from meterr_etl.errors import (
    SettingsError,
    SourceUnavailableError,
    UnavailableError,
    WarehouseUnavailableError,
)
from meterr_etl.settings import SourceSettings, settings

if TYPE_CHECKING:
    from sqlalchemy import URL

Role = Literal["meterr_loader", "meterr_transformer", "meterr_publisher"]
Connection = psycopg.Connection[tuple[object, ...]]

LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1"})
SESSION_OPTIONS = "-c timezone=UTC"
CONNECT_TIMEOUT_S = 10


def warehouse_url() -> str:
    """Return the warehouse's libpq URL.

    Raises:
        SettingsError: METERR_WAREHOUSE_URL is not set.
    """
    return _required(settings().warehouse_url, "METERR_WAREHOUSE_URL")


@contextmanager
def warehouse(
    role: Role | None = None, *, autocommit: bool = False, application_name: str = "meterr"
) -> Iterator[Connection]:
    """Open the warehouse as one of its roles; commits on success, rolls back on an exception.

    Raises:
        WarehouseUnavailableError: the server can't be reached or refused the login.
    """
    with _open(
        warehouse_url(),
        WarehouseUnavailableError,
        "warehouse",
        application_name=application_name,
        autocommit=autocommit,
    ) as connection:
        connection.execute("set timezone = 'UTC'")
        # Compiling a statement of a thousand casts costs more than it saves on one night.
        connection.execute("set jit = off")
        if role:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        if not autocommit:
            connection.commit()
        yield connection


@contextmanager
def source_database(source: str, chosen: SourceSettings) -> Iterator[Connection]:
    """Open a source in one read-only, repeatable-read transaction with a statement timeout.

    Works through a pooler in transaction mode: nothing is prepared and every setting is local.

    Raises:
        SettingsError: the source has no URL.
        SourceUnavailableError: the server can't be reached or refused the login.
    """
    url = _required(chosen.url, f"METERR_SOURCES__{source.upper()}__URL (or METERR_SOURCE_URL)")
    name = f"source '{source}'"
    with _open(
        url, SourceUnavailableError, name, application_name="meterr extract", autocommit=False
    ) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.prepare_threshold = None
        timeout = sql.Literal(f"{chosen.statement_timeout_s}s")
        connection.execute(sql.SQL("set local statement_timeout = {}").format(timeout))
        # Binary COPY hands text over as it is, so both ends must speak one encoding; what lands
        # as text is read by the other two, whatever the server's own settings are.
        connection.execute("set local client_encoding = 'UTF8'")
        connection.execute("set local timezone = 'UTC'")
        connection.execute("set local datestyle = 'ISO'")
        yield connection


@contextmanager
def database(url: SecretStr, purpose: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """Open any other database by URL (administration, analyst's queries).

    Raises:
        WarehouseUnavailableError: the server can't be reached or refused the login.
    """
    with _open(
        url.get_secret_value(),
        WarehouseUnavailableError,
        purpose,
        application_name="meterr",
        autocommit=autocommit,
    ) as connection:
        yield connection


def sqlalchemy_url(role: Role | None = None) -> URL:
    """Return the warehouse's URL for SQLAlchemy with psycopg 3; its repr hides the password."""
    from sqlalchemy import URL  # noqa: PLC0415 - only migrations and gates pay for the import

    parts = conninfo.conninfo_to_dict(warehouse_url())
    options = SESSION_OPTIONS + (f" -c role={role}" if role else "")
    known = {name: parts.pop(name, None) for name in ("user", "password", "host", "port", "dbname")}
    return URL.create(
        "postgresql+psycopg",
        username=_text(known["user"]),
        password=_text(known["password"]),
        host=_text(known["host"]),
        port=int(known["port"]) if known["port"] else None,
        database=_text(known["dbname"]),
        query={**{name: str(value) for name, value in parts.items()}, "options": options},
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _required(url: SecretStr | None, variable: str) -> str:
    if url is None:
        raise SettingsError(
            f"{variable} is not set.",
            remedy=f"Set {variable} to a libpq URL, or run `meterr demo` for a local one.",
        )
    return url.get_secret_value()


def _secured(url: str) -> str:
    parts = conninfo.conninfo_to_dict(url)
    host = str(parts.get("host") or "")
    if "sslmode" not in parts and host not in LOCAL_HOSTS and not host.startswith("/"):
        parts["sslmode"] = "require"
    parts.setdefault("connect_timeout", str(CONNECT_TIMEOUT_S))
    parts.setdefault("keepalives_idle", "30")
    return conninfo.make_conninfo("", **parts)


@contextmanager
def _open(
    url: str,
    failure: type[UnavailableError],
    name: str,
    *,
    application_name: str,
    autocommit: bool,
) -> Iterator[Connection]:
    try:
        dsn = _secured(url)
    except psycopg.ProgrammingError as error:
        raise SettingsError(
            f"The URL of the {name} can't be read.",
            remedy="Write it as postgresql://user:password@host:5432/database.",
        ) from error
    attempts = Retrying(
        retry=retry_if_exception_type(psycopg.OperationalError),
        stop=stop_after_attempt(3),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        reraise=True,
    )
    try:
        connection: Connection = attempts(
            psycopg.connect, dsn, autocommit=True, application_name=application_name
        )
    except psycopg.OperationalError as error:
        raise failure(
            f"The {name} can't be reached: {_first_line(error)}",
            remedy="Check host, port, user and password in its URL, and that the server runs.",
        ) from error
    connection.autocommit = autocommit
    with connection:
        yield connection


def _first_line(error: Exception) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line.rstrip(".") + "."
