"""`meterr migrate` is safe to repeat, runs once at a time and never queues behind readers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meterr_etl.errors import BusyError
from meterr_etl.settings import settings
from meterr_etl.warehouse import migrate as module
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts import published_marts
from meterr_etl.warehouse.marts_dbt import Place, parse_project, write_dbt_docs
from meterr_etl.warehouse.migrate import migrate

STRUCTURE = """
select n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, col_description(c.oid, a.attnum), c.relacl::text, c.relrowsecurity,
    case when c.relkind = 'v' then pg_get_viewdef(c.oid) end
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on a.attrelid = c.oid
where n.nspname in ('landing', 'staging', 'reference', 'ops', 'marts') and a.attnum > 0
order by 1, 2, a.attnum
"""


def structure() -> list[tuple[object, ...]]:
    with warehouse() as connection:
        return connection.execute(STRUCTURE).fetchall()


@pytest.fixture
def empty_db(postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database that nobody migrated yet."""
    with postgres.database("migrate") as name:
        monkeypatch.setenv("METERR_WAREHOUSE_URL", postgres.url(name))
        settings.cache_clear()
        yield name
    settings.cache_clear()


def test_empty_database_is_migrated_and_a_second_time_changes_nothing(empty_db: str) -> None:
    first = migrate()
    before = structure()

    second = migrate()

    assert first.marts_created == tuple(mart.name for mart in published_marts())
    assert (second.marts_created, second.columns_added) == ((), ())
    assert second.revision == first.revision
    assert second.views == first.views
    assert structure() == before
    assert {row[0] for row in before} == {"staging", "reference", "ops", "marts"}


def test_two_migrations_do_not_meet(warehouse_db: str) -> None:
    with (
        module._only_migration(),
        pytest.raises(BusyError, match="Another migration"),
    ):
        migrate()


def test_reader_at_work_makes_migration_give_up_with_a_remedy(
    warehouse_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUBLISHED", replace(module.PUBLISHED, lock_timeout="100ms"))
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    before = structure()
    with warehouse() as analyst:
        analyst.execute("select * from marts.dim_tenant")

        with pytest.raises(BusyError, match="long queries and dumps"):
            migrate()

    assert structure() == before


def test_password_reaches_neither_log_nor_file(
    warehouse_db: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "pa55w0rd-of-the-warehouse"
    monkeypatch.setenv("METERR_WAREHOUSE_URL", f"{warehouse_db}?password={secret}")
    settings.cache_clear()
    place = Place("published", "marts")

    with caplog.at_level(logging.DEBUG):
        parse_project(place)

    assert place.variables()["METERR_DBT_PASSWORD"] == secret
    assert secret not in caplog.text
    written = [path for path in place.folder.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if secret.encode() in path.read_bytes()]


def test_docs_are_one_page_that_describes_the_marts(warehouse_db: str, tmp_path: Path) -> None:
    page = write_dbt_docs(tmp_path / "docs")

    text = page.read_text(encoding="utf-8")
    assert page.name == "static_index.html"
    for mart in published_marts():
        assert f"model.meterr.{mart.name}" in text
