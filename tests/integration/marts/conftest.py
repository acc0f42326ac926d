"""A mart made by hand, and the roles that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from meterr_etl.warehouse.connection import Connection, warehouse
from meterr_etl.warehouse.marts import PublishedMart, published_marts
from meterr_etl.warehouse.marts_contract import MartColumn, MartContract
from meterr_etl.warehouse.marts_tables import MartChanges, apply_contracts

CONTRACT = MartContract(
    name="usage_by_hand",
    description="Usage; one row per day and tenant.",
    columns=(
        MartColumn("charge_date", "date", "UTC day.", is_required=True),
        MartColumn("tenant_id", "text", "The organization.", is_required=True),
        MartColumn("rate_id", "text", "Null where nothing was priced.", is_required=False),
        MartColumn("list_cost", "numeric", "At list price.", is_required=False),
    ),
    date_column="charge_date",
    key=("tenant_id", "charge_date"),
    indexes=(("charge_date",),),
    tenant_column="tenant_id",
    partition_by_day=False,
)
BY_DAY = replace(CONTRACT, name="events_by_hand", partition_by_day=True)


@pytest.fixture
def apply(warehouse_db: str) -> Callable[..., MartChanges]:
    """Applies contracts beside those of the project, as `meterr migrate` would."""
    with warehouse("meterr_publisher") as connection:
        # The project's own marts are not what these tests are about.
        connection.execute("delete from ops.published_marts")

    def apply_them(*contracts: MartContract) -> MartChanges:
        with warehouse("meterr_publisher") as connection:
            return apply_contracts(connection, contracts)

    return apply_them


@pytest.fixture
def mart_by_day(apply: Callable[..., MartChanges]) -> PublishedMart:
    """A published mart that is cut by day and has no day yet."""
    apply(BY_DAY)
    return published_marts()[0]


@pytest.fixture
def reader(warehouse_db: str) -> Callable[..., object]:
    """Opens the warehouse as a reader of the named tenants; `role` is the group it belongs to."""

    @contextmanager
    def open_as(*tenants: str, role: str = "meterr_analyst") -> Iterator[Connection]:
        name = "meterr_test_reader_" + "_".join(tenants).replace("*", "all")
        with psycopg.connect(warehouse_db) as connection:
            connection.execute(f"drop role if exists {name}")
            connection.execute(f"create role {name} in role {role}")
            for tenant in tenants:
                connection.execute("insert into ops.reader_tenants values (%s, %s)", [name, tenant])
            connection.commit()
            connection.execute(f"set role {name}")
            yield connection
            connection.rollback()
            connection.execute("reset role")
            connection.execute(f"drop role {name}")

    return open_as
