"""The embedded server: one folder, one password, one port, whoever calls and however it died."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from meterr_etl.errors import BusyError, ConflictError, InvariantError, UnavailableError
from meterr_etl.local import ports, postgres, programs
from meterr_etl.local.account import Account
from meterr_etl.local.postgres import EmbeddedPostgres

RECKLESS = {"fsync": "off"}


@pytest.fixture(scope="module")
def folder():
    """A state folder outside of pytest's own, which are closed to the server's account."""
    home = Path(tempfile.mkdtemp(prefix="meterr-tests-"))
    yield home
    EmbeddedPostgres(home).stop()
    shutil.rmtree(home)


@pytest.fixture
def server(folder):
    """A running server of our own, stopped and started at will by the tests."""
    started = EmbeddedPostgres(folder, RECKLESS)
    started.start()
    return started


def query(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()[0]


def server_pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def test_a_second_start_uses_the_server_that_runs(server):
    before = server_pid(server)
    EmbeddedPostgres(server.home).start()
    assert server_pid(server) == before


def test_four_starts_at_once_make_one_server(folder):
    EmbeddedPostgres(folder).stop()
    with ThreadPoolExecutor(4) as pool:
        starts = [pool.submit(EmbeddedPostgres(folder, RECKLESS).start) for _ in range(4)]
    assert [start.exception() for start in starts] == [None] * 4
    assert EmbeddedPostgres(folder).is_running()


def test_it_keeps_data_port_and_password_over_a_stop(server):
    server.ensure_database("kept")
    url = server.url("kept")
    server.stop()
    assert not server.is_running()
    server.start()
    assert server.url("kept") == url
    assert query(url, "select current_database()") == "kept"


def test_it_is_postgresql_18_in_utc_on_the_loopback_only(server):
    assert str(query(server.admin_url, "show server_version")).startswith("18.")
    assert query(server.admin_url, "show timezone") == "UTC"
    assert int(str(query(server.admin_url, "show max_connections"))) >= 100
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(server_pid(server)).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.parametrize("password", ["", "wrong"])
def test_nobody_enters_without_the_password(server, password):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1",
            port=server.port,
            user="postgres",
            dbname="postgres",
            password=password,
            passfile="/dev/null",
        )


def test_passwords_are_readable_by_their_owner_only(server):
    assert (server.home / "credentials.json").stat().st_mode & 0o077 == 0
    assert server.folder.stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0
    assert not list(server.folder.glob("new-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as another account")
def test_root_runs_it_as_an_unprivileged_account(server):
    assert psutil.Process(server_pid(server)).uids().real == Account.for_servers().uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs an account that can't read the environment")
def test_programs_in_a_closed_environment_are_copied_and_run(monkeypatch):
    home = Path(tempfile.mkdtemp(prefix="meterr-tests-"))
    package = programs._package_folder()
    reaches = Account.can_reach
    monkeypatch.setattr(
        Account, "can_reach", lambda self, f: package not in f.parents and reaches(self, f)
    )
    server = EmbeddedPostgres(home, RECKLESS)
    try:
        server.start()
        assert home in server.bin("postgres").parents
        assert Path(psutil.Process(server_pid(server)).exe()) == server.bin("postgres")
        assert query(server.admin_url, "select 1") == 1
    finally:
        server.stop()
        shutil.rmtree(home)


def test_a_server_that_was_killed_is_started_again(server):
    killed = psutil.Process(server_pid(server))
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    time.sleep(0.2)
    assert (server.data / "postmaster.pid").exists()
    assert not server.is_running()
    server.start()
    assert query(server.admin_url, "select 1") == 1


def test_a_pid_file_whose_number_another_program_has_now_is_no_server(server):
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert not server.is_running()
    server.start()
    assert server.is_running()


def test_a_port_in_use_is_told_with_the_way_out_and_the_way_out_works(server):
    server.stop()
    with socket.socket() as other:
        # Earlier sessions of the server may linger on the port.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.port))
        other.listen()
        with pytest.raises(BusyError, match=r"in use by another program.*delete .*postgres\.port"):
            server.start()
        assert not server.is_running()
        taken = server.port
        (server.home / "postgres.port").unlink()
        server.start()
        assert server.port != taken


def test_a_race_for_a_free_port_that_another_program_wins_is_run_again(server, monkeypatch):
    server.stop()
    (server.home / "postgres.port").unlink()
    with socket.socket() as winner:
        winner.bind(("127.0.0.1", 0))
        winner.listen()
        lost = winner.getsockname()[1]
        choices = iter([lost, ports.choose_port(16432)])
        monkeypatch.setattr(postgres, "choose_port", lambda _: next(choices))
        server.start()
    assert server.port != lost
    assert query(server.admin_url, "select 1") == 1


def test_a_full_disk_is_refused_before_anything_is_made(monkeypatch, tmp_path):
    home = Path(tempfile.mkdtemp(prefix="meterr-tests-"))
    usage = shutil.disk_usage(home)._replace(free=1024**2)
    monkeypatch.setattr("meterr_etl.local.postgres_failures.shutil.disk_usage", lambda _: usage)
    try:
        with pytest.raises(UnavailableError, match=r"is full: 1 MB are left\. Free at least"):
            EmbeddedPostgres(home).start()
        assert not (home / "postgres").exists()
    finally:
        shutil.rmtree(home)


def test_an_initdb_that_fails_leaves_no_half_a_cluster(monkeypatch):
    home = Path(tempfile.mkdtemp(prefix="meterr-tests-"))
    server = EmbeddedPostgres(home, RECKLESS)
    real = Account.run

    def fail_initdb(self, command, **options):
        done = real(self, command, **options)
        done.returncode, done.stdout = 1, "initdb: error: No space left on device"
        return done

    monkeypatch.setattr(Account, "run", fail_initdb)
    try:
        with pytest.raises(UnavailableError, match="the disk is full"):
            server.start()
        assert list((home / "postgres").iterdir()) == []
    finally:
        shutil.rmtree(home)


def test_databases_and_roles_are_made_once(server):
    assert server.ensure_database("twice") == server.ensure_database("twice")
    server.ensure_role("reader")
    first = server.url("twice", user="reader")
    server.ensure_role("reader", options="createdb")
    assert server.url("twice", user="reader") == first
    assert query(first, "select current_user") == "reader"
    server.ensure_role("reader", "a'chosen one")
    assert query(server.url("twice", user="reader"), "select current_user") == "reader"


def test_a_role_gets_no_attribute_that_is_none(server):
    with pytest.raises(InvariantError, match="attributes"):
        server.ensure_role("reader", options="superuser; drop table x")


def test_a_server_that_was_never_started_has_no_address(tmp_path):
    with pytest.raises(ConflictError, match="meterr up"):
        EmbeddedPostgres(tmp_path).url("any")
