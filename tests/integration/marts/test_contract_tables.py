"""The dbt contract is the only definition of a mart: the tables are derived from it (DESIGN §3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest

from meterr_etl.errors import InputError
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.warehouse.marts import published_marts
from meterr_etl.warehouse.marts_contract import MartColumn, read_contracts

from .conftest import CONTRACT

ADDED = MartColumn("added", "bigint", "Came later.", is_required=True)


def changed(name: str, **facts: object) -> tuple[MartColumn, ...]:
    return tuple(replace(c, **facts) if c.name == name else c for c in CONTRACT.columns)


def catalogue(name: str) -> list[tuple[object, ...]]:
    with warehouse() as connection:
        return connection.execute(
            "select attname, format_type(atttypid, atttypmod), attnotnull,"
            " col_description(attrelid, attnum) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 order by attnum",
            [f"marts.{name}"],
        ).fetchall()


def insert(*rows: tuple[object, ...]) -> None:
    with warehouse("meterr_publisher") as connection:
        for row in rows:
            connection.execute("insert into marts.usage_by_hand values (%s, %s, %s, %s)", row)


def test_table_has_exactly_what_its_contract_says(apply: Callable) -> None:
    changes = apply(CONTRACT)

    assert changes.created == ("usage_by_hand",)
    assert catalogue("usage_by_hand") == [
        ("charge_date", "date", True, "UTC day."),
        ("tenant_id", "text", True, "The organization."),
        ("rate_id", "text", False, "Null where nothing was priced."),
        ("list_cost", "numeric", False, "At list price."),
    ]


def test_publish_learns_of_the_mart_without_dbt(apply: Callable) -> None:
    apply(CONTRACT)

    (mart,) = published_marts()
    assert (mart.name, mart.date_column, mart.key) == (
        "usage_by_hand",
        "charge_date",
        ("tenant_id", "charge_date"),
    )
    assert mart.columns == ("charge_date", "tenant_id", "rate_id", "list_cost")


def test_second_application_changes_nothing(apply: Callable) -> None:
    apply(CONTRACT)
    before = catalogue("usage_by_hand")

    changes = apply(CONTRACT)

    assert (changes.created, changes.added) == ((), ())
    assert catalogue("usage_by_hand") == before


def test_key_counts_nulls_as_alike(apply: Callable) -> None:
    apply(replace(CONTRACT, key=("charge_date", "tenant_id", "rate_id")))
    insert(("2026-11-14", "acme", None, 1))

    with pytest.raises(psycopg.errors.UniqueViolation):
        insert(("2026-11-14", "acme", None, 2))


def test_added_column_is_null_for_what_stands(apply: Callable) -> None:
    apply(CONTRACT)
    insert(("2026-11-14", "acme", None, 1))

    changes = apply(replace(CONTRACT, columns=(*CONTRACT.columns, ADDED)))

    assert changes.added == ("usage_by_hand.added",)
    assert catalogue("usage_by_hand")[-1] == ("added", "bigint", False, "Came later.")
    assert published_marts()[0].columns[-1] == "added"


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (
            replace(CONTRACT, columns=changed("list_cost", data_type="bigint")),
            "usage_by_hand.list_cost is numeric, but its contract says bigint",
        ),
        (
            replace(CONTRACT, columns=changed("list_cost", data_type="numeric(12, 2)")),
            "usage_by_hand.list_cost is numeric",
        ),
        (
            replace(CONTRACT, columns=CONTRACT.columns[:-1]),
            "usage_by_hand.list_cost is published, but its contract has it no more",
        ),
        (
            replace(CONTRACT, columns=changed("tenant_id", is_required=False)),
            "usage_by_hand.tenant_id is not null, but its contract allows null",
        ),
        (replace(CONTRACT, key=("charge_date",)), "usage_by_hand has another key"),
        (replace(CONTRACT, partition_by_day=True), "usage_by_hand has another key"),
        (replace(CONTRACT, name="renamed"), "usage_by_hand is published, but the dbt project"),
    ],
)
def test_any_other_change_is_refused_by_name(apply: Callable, contract: object, said: str) -> None:
    apply(CONTRACT)
    before = catalogue("usage_by_hand")

    with pytest.raises(InputError, match=said.replace(".", r"\.")):
        apply(contract)

    assert catalogue("usage_by_hand") == before
    assert catalogue("renamed") == []


def test_refusal_undoes_what_other_marts_were_given(apply: Callable) -> None:
    apply(CONTRACT)
    wrong = replace(CONTRACT, columns=changed("list_cost", data_type="bigint"))

    with pytest.raises(InputError):
        apply(replace(CONTRACT, name="another"), wrong)

    assert catalogue("another") == []


def test_type_that_does_not_exist_is_refused(apply: Callable) -> None:
    with pytest.raises(InputError, match=r"usage_by_hand\.list_cost has the type 'money; drop"):
        apply(replace(CONTRACT, columns=changed("list_cost", data_type="money; drop schema ops")))


def node(columns: tuple[str, ...], published: object) -> SimpleNamespace:
    return SimpleNamespace(
        name="usage_by_hand",
        resource_type=SimpleNamespace(value="model"),
        tags=["candidate"],
        fqn=["meterr", "marts", "usage_by_hand"],
        description="By hand.",
        depends_on=SimpleNamespace(nodes=["source.meterr.run.affected_days"]),
        config=SimpleNamespace(
            contract=SimpleNamespace(enforced=True), meta={"published": published}
        ),
        columns={
            name: SimpleNamespace(name=name, data_type="text", description="", constraints=[])
            for name in columns
        },
    )


@pytest.mark.parametrize(
    ("columns", "published", "said"),
    [
        (("charge_date",), None, "does not say how it is published"),
        (("charge_date",), {"date_column": "day", "key": ["charge_date"]}, "does not have: day"),
        (("day",), {"date_column": "day", "key": ["day", "x"]}, "does not have: x"),
        (
            ("day", "tenant_id"),
            {"date_column": "day", "key": ["day"]},
            "every reader would see every tenant",
        ),
    ],
)
def test_yml_that_can_not_be_published_is_refused(
    columns: tuple[str, ...], published: object, said: str
) -> None:
    manifest = SimpleNamespace(nodes={"model.usage_by_hand": node(columns, published)})

    with pytest.raises(InputError, match=said):
        read_contracts(manifest, {})
