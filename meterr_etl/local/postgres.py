"""The embedded PostgreSQL: initialised, started and stopped with the wheel's own programs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
from psycopg import sql
from pydantic import SecretStr

from meterr_etl.errors import BusyError, ConflictError, InvariantError
from meterr_etl.local.account import Account
from meterr_etl.local.credentials import Credentials
from meterr_etl.local.lock import only_one
from meterr_etl.local.paths import prepare_home
from meterr_etl.local.ports import choose_port, is_free, require_free
from meterr_etl.local.postgres_failures import failure_of, require_disk_space
from meterr_etl.local.postgres_settings import configuration
from meterr_etl.local.programs import installed_programs
from meterr_etl.warehouse.connection import database

SUPERUSER = "postgres"
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
FIRST_PORT = 15432
PORT_RACES = 5
CONFIGURATION = "meterr.conf"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedPostgres:
    """One PostgreSQL 18 in one folder, on 127.0.0.1 with a generated password.

    Args:
        home: the state folder; the server's files lie in its sub-folder `postgres`.
        overrides: settings of postgresql.conf that win over meterr's own (tests use fsync=off).
    """

    def __init__(self, home: Path, overrides: Mapping[str, str] | None = None) -> None:
        self.home = home.absolute()
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self._overrides = dict(overrides or {})
        self._account = Account.for_servers()
        self._port_file = self.home / "postgres.port"
        self._credentials = Credentials(self.home / "credentials.json")

    @property
    def port(self) -> int:
        """The port of 127.0.0.1, chosen at the first start and kept from then on.

        Raises:
            ConflictError: the server was never started.
        """
        if not self._port_file.exists():
            raise ConflictError(
                f"There is no PostgreSQL in {self.home} yet.", remedy="Run `meterr up` first."
            )
        return int(self._port_file.read_text())

    def start(self) -> None:
        """Start the server, created if need be; one that runs already is used as it is.

        Raises:
            InputError: the folder or the programs can't be used by the server's account.
            BusyError: another program has the port.
            UnavailableError: the disk is full, memory is short, or the server did not come up.
        """
        prepare_home(self.home)
        with only_one(self.home / "postgres.lock", "The start of PostgreSQL", wait=True):
            if self.is_running():
                return
            require_disk_space(self.home)
            self._account.make_folder(self.folder)
            self._drop_stale_pid_file()
            self._initialise()
            self._launch()

    def stop(self) -> None:
        """Stop the server if it runs; open sessions are ended, committed work is kept."""
        if not self.home.exists():
            return
        with only_one(self.home / "postgres.lock", "The start of PostgreSQL", wait=True):
            if not self.is_running():
                return
            for mode in ("fast", "immediate"):
                done = self._pg_ctl("stop", "-m", mode, "-w", "-t", str(STOP_TIMEOUT_S))
                if done == "" or not self.is_running():
                    return
        raise InvariantError(
            f"PostgreSQL in {self.home} does not stop.", remedy=f"Look into {self.log}."
        )

    def is_running(self) -> bool:
        """Whether a server works on this very data folder."""
        return self._server_process() is not None

    def url(self, dbname: str, user: str | None = None) -> str:
        """Return a libpq URL, password included, for the superuser or a role made by ensure_role.

        Raises:
            ConflictError: the server was never started, or the role is not one of ensure_role.
        """
        name = user or SUPERUSER
        password = self._credentials.password_of(name)
        login = f"{quote(name, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(dbname, safe='')}"

    @property
    def admin_url(self) -> str:
        """The superuser's URL of the database `postgres`."""
        return self.url("postgres")

    def ensure_database(self, name: str, owner: str | None = None) -> str:
        """Create a database unless it exists, and return the superuser's URL of it."""
        with database(SecretStr(self.admin_url), "local server", autocommit=True) as connection:
            known = connection.execute("select from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                statement = sql.SQL("create database {} owner {}").format(
                    sql.Identifier(name), sql.Identifier(owner or SUPERUSER)
                )
                connection.execute(statement)
        return self.url(name)

    def ensure_role(self, name: str, password: str | None = None, *, options: str = "") -> None:
        """Create or update a login role; its password is kept 0600 beside the superuser's.

        Args:
            name: the role.
            password: a generated one if None; the one in force is kept then.
            options: attributes as `alter role` spells them, for example `createrole createdb`.
        """
        chosen = self._credentials.ensure(name, password)
        with database(SecretStr(self.admin_url), "local server", autocommit=True) as connection:
            known = connection.execute("select from pg_roles where rolname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("alter role {} login password {} {}").format(
                    sql.Identifier(name),
                    sql.Literal(chosen),
                    sql.SQL(" ").join(sql.SQL(word) for word in _role_options(options)),
                )
            )

    def bin(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs: psql, pg_dump, pg_restore, …."""
        return installed_programs(self._account, self.home) / name

    def _initialise(self) -> None:
        if self.data.exists():
            return
        password = self._credentials.ensure(SUPERUSER)
        # Made aside and renamed when whole: a start that was killed leaves no half a cluster.
        for remains in self.folder.glob("new-*"):
            shutil.rmtree(remains)
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=self.folder))
        try:
            self._account.own(fresh)
            password_file = fresh / "password"
            password_file.write_text(password)
            password_file.chmod(0o600)
            self._account.own(password_file)
            cluster = fresh / "data"
            self._run(
                "initdb", "-D", str(cluster), "-U", SUPERUSER, "--encoding=UTF8", "--no-locale",
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions",
            )  # fmt: skip
            with (cluster / "postgresql.conf").open("a") as main:
                main.write(f"\ninclude '{CONFIGURATION}'\n")
            cluster.rename(self.data)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _launch(self) -> None:
        if self._port_file.exists():
            require_free(self.port, self._port_file)
            self._launch_on_its_port()
            return
        for _ in range(PORT_RACES):
            self._port_file.write_text(str(choose_port(FIRST_PORT)))
            try:
                self._launch_on_its_port()
            except BusyError:
                # Another server that started in the same moment may have taken it first.
                if is_free(self.port):
                    raise
            else:
                return
        raise BusyError(
            f"PostgreSQL lost {PORT_RACES} races for a port.", remedy="Try again in a moment."
        )

    def _launch_on_its_port(self) -> None:
        written = self.data / CONFIGURATION
        written.write_text(configuration(self.port, self._overrides))
        self._account.own(written)
        before = self.log.stat().st_size if self.log.exists() else 0
        failure = self._pg_ctl("start", "-l", str(self.log), "-w", "-t", str(START_TIMEOUT_S))
        if failure:
            with self.log.open(errors="replace") as log:
                log.seek(before)
                raise failure_of("start", f"{failure}\n{log.read()}", self.log)

    def _pg_ctl(self, action: str, *options: str) -> str:
        command = [str(self.bin("pg_ctl")), action, "-D", str(self.data), *options]
        done = self._account.run(
            command, cwd=self.folder, env=ENVIRONMENT, timeout_s=START_TIMEOUT_S + 10
        )
        return "" if done.returncode == 0 else done.stdout or "no output"

    def _run(self, program: str, *options: str) -> None:
        command = [str(self.bin(program)), *options]
        done = self._account.run(
            command, cwd=self.folder, env=ENVIRONMENT, timeout_s=START_TIMEOUT_S
        )
        if done.returncode != 0:
            raise failure_of(program, done.stdout, self.log)

    def _server_process(self) -> psutil.Process | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            # The number may have been given to another program since, after a crash or a reboot.
            return process if str(self.data) in process.cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _drop_stale_pid_file(self) -> None:
        # PostgreSQL itself refuses to start when the number in it belongs to a living process.
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def _role_options(options: str) -> list[str]:
    allowed = {"createrole", "createdb", "superuser", "bypassrls", "inherit", "noinherit"}
    words = options.split()
    if unknown := sorted(set(words) - allowed):
        raise InvariantError(f"These are no attributes of a role: {', '.join(unknown)}.")
    return words
