"""A server that may be crashed, and worlds on it: a source and a warehouse for one history."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from meterr_etl.settings import settings
from tests.e2e.faults.history import World, new_world
from tests.e2e.faults.process import import_everything
from tests.e2e.faults.server import FaultServer
from tests.e2e.faults.without_tools import record_build, run_with_tools, run_without_tools


@pytest.fixture(scope="module")
def fault_server() -> Iterator[FaultServer]:
    """A server of its own, with templates; forked nights run without dbt's and GX's seconds."""
    before = dict(os.environ)
    import_everything()
    server = FaultServer()
    try:
        server.start()
        run_without_tools(record_build(server))
        yield server
    finally:
        run_with_tools()
        server.stop()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


@pytest.fixture
def world(fault_server: FaultServer) -> Iterator[World]:
    """A source of three empty days and an empty warehouse."""
    with new_world(fault_server, 1, 3) as made:
        yield made


@pytest.fixture
def night(world: World) -> Callable[..., dict[str, object]]:
    """Run the night of a day in a process of its own; returns its outcome."""
    return lambda day, strike=None: world.finish(world.begin(day, strike))
