"""`meterr migrate` is safe to repeat, runs once at a time and never queues behind readers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from meterr_etl.errors import BusyError, InputError
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


USAGE = """
insert into marts.usage_by_team_daily
select '2026-11-14', 'acme', 'Acme', team, 'Core', 'CC1', 2, 3, 4, 1, 7, 0,
    1.5, 1.5, 1.5, 1.5, 'USD'
from unnest(array['core', 'ops']) as team
"""


def test_month_that_was_a_view_becomes_a_table_that_holds_it(warehouse_db: str) -> None:
    with warehouse("meterr_publisher") as connection:
        connection.execute(USAGE)
        connection.execute("drop table marts.chargeback_monthly cascade")
        connection.execute("delete from ops.published_marts where name = 'chargeback_monthly'")
        connection.execute(
            "create view marts.chargeback_monthly as select * from marts.usage_by_team_daily"
        )

    report = migrate()

    assert report.marts_created == ("chargeback_monthly",)
    with warehouse() as connection:
        rows = connection.execute(
            "select billing_month, team_id, request_count, billed_cost, last_charge_date"
            " from marts.chargeback_monthly order by 2"
        ).fetchall()
    month, day = date(2026, 11, 1), date(2026, 11, 14)
    assert rows == [
        (month, "core", 2, Decimal("1.5"), day),
        (month, "ops", 2, Decimal("1.5"), day),
    ]
    assert migrate().marts_created == ()


def test_somebodys_view_on_what_becomes_a_table_is_named(warehouse_db: str) -> None:
    with warehouse("meterr_publisher") as connection:
        connection.execute("drop table marts.chargeback_monthly cascade")
        connection.execute("delete from ops.published_marts where name = 'chargeback_monthly'")
        connection.execute("create view marts.chargeback_monthly as select 1 as n")
        connection.execute("create view marts.mine as select * from marts.chargeback_monthly")

    with pytest.raises(InputError, match=r"view marts\.mine depends on"):
        migrate()


def test_new_mart_and_its_months_are_made_of_what_is_published(warehouse_db: str) -> None:
    with warehouse("meterr_publisher") as connection:
        connection.execute(USAGE)
        connection.execute("drop table marts.usage_by_tenant_daily cascade")
        connection.execute("delete from ops.published_marts where name = 'usage_by_tenant_daily'")

    assert migrate().marts_created == ("usage_by_tenant_daily",)

    with warehouse() as connection:
        rows = connection.execute(
            "select charge_date, tenant_name, total_tokens from marts.usage_by_tenant_daily"
        ).fetchall()
    assert rows == [(date(2026, 11, 14), "Acme", 14)]


def test_months_are_filled_anew_when_their_query_changes(warehouse_db: str) -> None:
    with warehouse("meterr_publisher") as connection:
        connection.execute(USAGE)
        connection.execute(
            "update ops.published_marts set derivation = 'select 1'"
            " where name = 'chargeback_monthly'"
        )

    migrate()

    with warehouse() as connection:
        rows = connection.execute("select sum(total_tokens) from marts.chargeback_monthly")
        assert rows.fetchall() == [(14,)]


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
