"""Fixtures that every kind of test shares: databases, real data, a browser."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo, sql
from xdist.scheduler import LoadScopeScheduling

from meterr_etl.local.account import Account
from meterr_etl.local.postgres import EmbeddedPostgres
from meterr_etl.local.programs import installed_programs
from meterr_etl.settings import settings
from meterr_etl.warehouse.migrate import migrate
from tests.prepared import Prepared

SERVER_VARIABLE = "METERR_TEST_SERVER_URL"
# What a test server may lose in a crash nobody misses; tests then wait for no disk.
RECKLESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class PostgresServer:
    """A server whose databases the tests create and drop; `admin_url` is its superuser's."""

    admin_url: str
    _used: set[str] = field(default_factory=set, init=False)

    def url(self, dbname: str) -> str:
        """The libpq URL of one database, as the superuser."""
        parts = conninfo.conninfo_to_dict(self.admin_url)
        login = parts["user"] + (f":{parts['password']}" if parts.get("password") else "")
        return f"postgresql://{login}@{parts['host']}:{parts['port']}/{dbname}"

    def execute(self, statement: sql.Composable, dbname: str = "postgres") -> None:
        """Run one statement outside of a transaction."""
        with psycopg.connect(self.url(dbname), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self, purpose: str, *, template: str = "template1") -> Iterator[str]:
        """Create a database, yield its name, and drop it with all who are still connected."""
        name = self._free_name(purpose)
        identifier = sql.Identifier(name)
        self.execute(
            sql.SQL("create database {} template {}").format(identifier, sql.Identifier(template))
        )
        try:
            self._copy_grants(template, name)
            yield name
        finally:
            self.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
            self._used.remove(name)

    def _free_name(self, purpose: str) -> str:
        # The lowest number that is free: dbt keeps its parse per database, and a new name for
        # each test would have it parse the whole project each time.
        numbered = (f"meterr_test_{purpose}_{os.getpid()}_{n}" for n in itertools.count(1))
        name = next(name for name in numbered if name not in self._used)
        self._used.add(name)
        return name

    def _copy_grants(self, template: str, name: str) -> None:
        # `create database … template` copies everything but the grants on the database itself.
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            granted = connection.execute(
                "select a.grantee::regrole::text, a.privilege_type"
                " from pg_database as d, aclexplode(d.datacl) as a"
                " where d.datname = %s and a.grantee <> 0 and a.grantee <> d.datdba",
                [template],
            ).fetchall()
            for grantee, privilege in granted:
                statement = sql.SQL("grant {} on database {} to {}").format(
                    sql.SQL(privilege), sql.Identifier(name), sql.Identifier(grantee)
                )
                connection.execute(statement)


def pytest_configure() -> None:
    """Keep the developer's own warehouse and state folder out of every test."""
    for name in [n for n in os.environ if n.startswith("METERR_")]:
        if not name.startswith("METERR_TEST_"):
            del os.environ[name]
    os.environ["METERR_HOME"] = str(Path(tempfile.gettempdir()) / f"meterr-tests-{os.getpid()}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    settings.cache_clear()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes minutes last for one process, and first where several share the rest."""
    is_one_of_several = hasattr(config, "workerinput")
    items.sort(key=lambda item: ("e2e" in item.path.parts) != is_one_of_several)


class ByFile(LoadScopeScheduling):
    """Gives a file to one process as a whole, and all files that share the demo to the same."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.split("::", maxsplit=1)[0])
        return str(file.parent if file.parent.name == "e2e" else file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return ByFile(config, log)


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["METERR_HOME"], ignore_errors=True)


def pytest_report_header() -> str:
    if url := os.environ.get(SERVER_VARIABLE):
        with psycopg.connect(url) as connection:
            version = connection.info.parameter_status("server_version")
        return f"postgresql: {version} at {SERVER_VARIABLE}"
    program = installed_programs(Account(), Path()) / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return f"postgresql: embedded, {said.stdout.strip()}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL 18: our own in a temporary folder, or that of METERR_TEST_SERVER_URL."""
    if url := os.environ.get(SERVER_VARIABLE):
        yield PostgresServer(url)
        return
    home = Path(tempfile.mkdtemp(prefix="meterr-tests-"))
    server = EmbeddedPostgres(home, RECKLESS)
    try:
        server.start()
        yield PostgresServer(server.admin_url)
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def migrated_template(postgres: PostgresServer) -> Iterator[str]:
    """The name of a database that `meterr migrate` made once for all tests."""
    with postgres.database("template") as name:
        with (
            pytest.MonkeyPatch.context() as patch,
            _announced("METERR_WAREHOUSE_URL", postgres.url(name), patch),
        ):
            migrate()
        settings.cache_clear()
        yield name


@pytest.fixture(scope="session")
def prepared(postgres: PostgresServer, migrated_template: str) -> Iterator[Prepared]:
    """What many tests begin with, made once per process and copied for each."""
    with ExitStack() as kept_until_end:
        yield Prepared(postgres, migrated_template, kept_until_end)


@pytest.fixture
def warehouse_db(
    postgres: PostgresServer, migrated_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a fresh migrated warehouse, which METERR_WAREHOUSE_URL names too."""
    with (
        postgres.database("warehouse", template=migrated_template) as name,
        _announced("METERR_WAREHOUSE_URL", postgres.url(name), monkeypatch) as url,
    ):
        yield url


@pytest.fixture
def source_db(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a fresh empty database, which METERR_SOURCE_URL names too."""
    with (
        postgres.database("source") as name,
        _announced("METERR_SOURCE_URL", postgres.url(name), monkeypatch) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real traces and price data, as METERR_TEST_DATA names it."""
    return _demanded_path("METERR_TEST_DATA")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a Chromium; METERR_TEST_CHROMIUM, once set, must name one."""
    if not os.environ.get("METERR_TEST_CHROMIUM"):
        for name in ("chromium", "chromium-browser", "google-chrome"):
            if found := shutil.which(name):
                return Path(found)
    return _demanded_path("METERR_TEST_CHROMIUM")


@contextmanager
def _announced(variable: str, url: str, patch: pytest.MonkeyPatch) -> Iterator[str]:
    patch.setenv(variable, url)
    settings.cache_clear()
    yield url
    settings.cache_clear()


def _demanded_path(variable: str) -> Path:
    # Unset, a machine may lack it; set, a silent skip would hide that nothing was tested.
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set, and what it names was not found here")
    path = Path(value).resolve()
    if not path.exists():
        pytest.fail(f"{variable} names {path}, which does not exist")
    return path
