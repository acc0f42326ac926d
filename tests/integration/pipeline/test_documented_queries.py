"""Every query that the documents show is one that an analyst can run as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from .conftest import SourceTables, Warehouse

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = re.findall(r"```sql\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(), re.DOTALL)
SHELL = re.findall(r'meterr sql "(.*?)"', (ROOT / "README.md").read_text(), re.DOTALL)
QUERIES = [query for block in BLOCKS for query in block.split(";") if query.strip()] + SHELL


@pytest.fixture
def analyst(
    source: SourceTables, warehouse: Warehouse, night: Callable[..., str]
) -> psycopg.Connection:
    source.add_acme()
    source.add_event()
    night()
    connection = psycopg.connect(warehouse.url)
    connection.execute("insert into ops.reader_tenants values ('meterr_analyst', '*')")
    connection.execute("set role meterr_analyst")
    return connection


def test_documents_show_twenty_queries() -> None:
    assert len(QUERIES) >= 20


def test_documented_queries_run_as_an_analyst(analyst: psycopg.Connection) -> None:
    with analyst:
        for query in QUERIES:
            analyst.execute(query)  # type: ignore[call-overload]
