"""Where things lie, who may read them, which port, which memory, who comes second."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from meterr_etl.errors import BusyError, ConflictError, InputError, UnavailableError
from meterr_etl.local import connections, paths, postgres_settings
from meterr_etl.local.account import Account
from meterr_etl.local.credentials import Credentials
from meterr_etl.local.lock import only_one
from meterr_etl.local.ports import choose_port, is_free, require_free
from meterr_etl.local.postgres_failures import failure_of
from meterr_etl.settings import settings


@pytest.fixture(autouse=True)
def _fresh_settings():
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def as_caller(monkeypatch):
    """Let the server's account be the caller's, as for any user but root."""
    monkeypatch.setattr(Account, "for_servers", classmethod(lambda cls: cls()))
    monkeypatch.setattr(paths.os, "geteuid", lambda: 1000)


def test_the_state_folder_is_the_users_own_and_closed_to_others(as_caller, monkeypatch, tmp_path):
    monkeypatch.delenv("METERR_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert paths.existing_home() is None
    assert paths.state_home() == tmp_path / "meterr"
    assert (tmp_path / "meterr").stat().st_mode & 0o777 == 0o700
    assert paths.existing_home() == tmp_path / "meterr"


def test_without_a_state_folder_of_the_desktop_it_is_in_the_home(as_caller, monkeypatch, tmp_path):
    monkeypatch.delenv("METERR_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.state_home() == tmp_path / ".local" / "state" / "meterr"


def test_a_chosen_folder_wins(as_caller, monkeypatch, tmp_path):
    monkeypatch.setenv("METERR_HOME", str(tmp_path / "mine"))
    assert paths.state_home() == tmp_path / "mine"


def test_a_folder_that_can_not_be_made_is_named(as_caller, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METERR_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match=r"can't be used: Not a directory\. Set METERR_HOME"):
        paths.state_home()


def test_roots_closed_home_is_left_for_a_folder_the_server_can_reach(monkeypatch, tmp_path):
    closed, system = tmp_path / "closed", tmp_path / "system"
    monkeypatch.delenv("METERR_HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(closed))
    monkeypatch.setattr(paths.os, "geteuid", lambda: 0)
    monkeypatch.setattr(paths, "SYSTEM_STATE", system)
    monkeypatch.setattr(Account, "for_servers", classmethod(lambda cls: cls(os.getuid(), 0)))
    monkeypatch.setattr(
        Account, "can_reach", lambda self, folder: closed not in [folder, *folder.parents]
    )
    closed.mkdir()
    assert paths.state_home() == system
    assert list(closed.iterdir()) == []
    assert system.stat().st_mode & 0o777 == 0o711


def test_an_account_can_not_go_through_a_closed_folder(tmp_path):
    stranger = Account(uid=4_000_000, gid=4_000_000)
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o755)
    tmp_path.chmod(0o700)
    assert not stranger.can_reach(inner)
    assert Account(uid=os.getuid(), gid=0).can_reach(inner)
    assert Account().can_reach(inner)


def test_the_second_holder_of_a_lock_is_told_who_is_first(tmp_path):
    lock = tmp_path / "demo.lock"
    told = rf"A demo is already running \(process {os.getpid()}\)"
    with only_one(lock, "A demo"), pytest.raises(BusyError, match=told), only_one(lock, "A demo"):
        pytest.fail("two holders at once")
    with only_one(lock, "A demo"):
        assert lock.exists()


def test_a_port_is_chosen_past_those_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert choose_port(port) > port
        with pytest.raises(BusyError, match=str(port)):
            require_free(port, Path("postgres.port"))


def test_a_password_is_generated_once_kept_closed_and_can_be_replaced(tmp_path):
    known = Credentials(tmp_path / "credentials.json")
    first = known.ensure("reader")
    assert len(first) >= 24
    assert known.ensure("reader") == first
    assert Credentials(tmp_path / "credentials.json").password_of("reader") == first
    known.ensure("reader", "chosen")
    assert known.password_of("reader") == "chosen"
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConflictError, match="no password of 'other'"):
        known.password_of("other")


def test_broken_credentials_are_not_silently_replaced(tmp_path):
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(InputError, match="can't be read"):
        Credentials(tmp_path / "credentials.json").ensure("reader")


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        (
            "FATAL: could not write lock file: No space left on device",
            UnavailableError,
            "disk is full",
        ),
        ("could not bind IPv4 address: Address already in use", BusyError, "port is in use"),
        (
            "could not map shared memory: Cannot allocate memory",
            UnavailableError,
            "memory is short",
        ),
        ("could not access directory: Permission denied", InputError, "closed to the server"),
        ("database files are incompatible with server", InputError, "another major version"),
        ("FATAL: something new", UnavailableError, "something new"),
        ("", UnavailableError, "Look into /log"),
    ],
)
def test_what_postgresql_says_becomes_cause_and_remedy(said, kind, expected):
    error = failure_of("start", said, Path("/log"))
    assert type(error) is kind
    assert expected in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    ("available_mb", "shared", "work"),
    [(1024, "128MB", "4MB"), (4096, "512MB", "10MB"), (65536, "2048MB", "64MB")],
)
def test_memory_is_scaled_to_the_machine(monkeypatch, available_mb, shared, work):
    monkeypatch.setattr(postgres_settings, "memory_mb", lambda: available_mb)
    text = postgres_settings.configuration(5432)
    assert f"shared_buffers = '{shared}'" in text
    assert f"work_mem = '{work}'" in text


def test_a_containers_limit_counts_for_more_than_the_machine(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(f"{512 * 1024**2}\n")
    monkeypatch.setattr(postgres_settings, "CGROUP_LIMITS", (tmp_path / "memory.max",))
    assert postgres_settings.memory_mb() == 512
    (tmp_path / "memory.max").write_text("max\n")
    assert postgres_settings.memory_mb() > 512


def test_an_override_wins_and_its_quotes_do_no_harm():
    text = postgres_settings.configuration(5432, {"fsync": "off", "timezone": "it's"})
    assert "fsync = 'off'" in text
    assert "timezone = 'it''s'" in text
    assert text.count("timezone = ") == 2


@pytest.fixture
def remembered(monkeypatch, tmp_path):
    """A state folder that knows a local warehouse, source and analyst."""
    monkeypatch.setenv("METERR_HOME", str(tmp_path))
    # Registered with monkeypatch, so that what adopt() sets is taken back after the test.
    for name in connections.REMEMBERED:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    connections.remember(
        tmp_path, {name: f"postgresql://local/{name}" for name in connections.REMEMBERED}
    )
    return tmp_path


def test_later_commands_find_the_local_databases(remembered):
    assert connections.adopt()
    assert settings().warehouse_url.get_secret_value() == "postgresql://local/METERR_WAREHOUSE_URL"
    assert settings().source_url is not None
    assert settings().analyst_url is not None
    assert (remembered / "connections.json").stat().st_mode & 0o777 == 0o600


def test_a_warehouse_of_ones_own_is_never_mixed_with_the_local_source(remembered, monkeypatch):
    monkeypatch.setenv("METERR_WAREHOUSE_URL", "postgresql://prod/warehouse")
    assert not connections.adopt()
    assert settings().source_url is None


def test_a_source_of_ones_own_goes_with_the_local_warehouse(remembered, monkeypatch):
    monkeypatch.setenv("METERR_SOURCE_URL", "postgresql://prod/source")
    assert connections.adopt()
    assert settings().source_url.get_secret_value() == "postgresql://prod/source"


def test_a_machine_that_never_ran_meterr_has_nothing_to_adopt(monkeypatch, tmp_path):
    monkeypatch.setenv("METERR_HOME", str(tmp_path / "none"))
    assert not connections.adopt()
    assert not (tmp_path / "none").exists()


def test_broken_memory_of_connections_is_named(remembered):
    (remembered / "connections.json").write_text(json.dumps(["x"])[:-1])
    with pytest.raises(InputError, match="meterr up"):
        connections.adopt()
