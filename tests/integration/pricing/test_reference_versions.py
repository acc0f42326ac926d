"""Versions of reference data become visible in their order, so that no change is passed over."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from meterr_etl.budgets.budget import TenantBudgets
from meterr_etl.budgets.versions import load_budgets
from meterr_etl.contract_rates.versions import CONTRACTS, load_contract
from meterr_etl.ledger.changes import open_change
from meterr_etl.pricing import sync
from meterr_etl.pricing.aliases import add_alias
from meterr_etl.repricing import days_to_rerate
from meterr_etl.warehouse.connection import warehouse

from .conftest import Meter
from .test_contract_rates import contract, exchange
from .test_repricing import DAY, NEXT, published

__all__ = ["published"]

LATEST = "select coalesce(max(reference_version), 0) from reference.changes"
WAITING = (
    "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    " and database = (select oid from pg_database where datname = current_database())"
)
PATIENCE_S = 20
TWENTY = {"name": "twenty", "percent_off": "20"}


def until_it_waits(meter: Meter, later: Future[Any]) -> None:
    """Return when a change waits for a lock; fail where it ends without."""
    ends_at = time.monotonic() + PATIENCE_S
    while not meter.value(WAITING):
        assert not later.done(), f"it did not wait: {later.result()}"
        assert time.monotonic() < ends_at, "it neither waits nor ends"
        time.sleep(0.02)


def sync_nothing() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "catalogue_rates", list)
        return sync.sync_rates()


def budget() -> object:
    monthly = {"name": "all", "scope": "tenant", "first_month": "2026-11", "amount": "100"}
    return load_budgets(TenantBudgets.model_validate({"tenant_id": "acme", "budgets": [monthly]}))


@pytest.mark.parametrize(
    "change",
    [
        sync_nothing,
        budget,
        lambda: add_alias("openai", "ours", "openai/gpt-4o", "a test"),
        lambda: exchange("0.9"),
        lambda: load_contract(contract(TWENTY)),
    ],
    ids=["prices", "budgets", "alias", "exchange rates", "contract"],
)
def test_change_becomes_visible_after_the_one_before_it(
    catalogue: Meter, change: Callable[[], object]
) -> None:
    before = catalogue.value(LATEST)
    with ThreadPoolExecutor(1) as pool, warehouse("meterr_loader") as first:
        version = open_change(first, "test", {})
        later = pool.submit(change)
        until_it_waits(catalogue, later)
        assert catalogue.value(LATEST) == before
        first.commit()
        later.result(PATIENCE_S)
    assert catalogue.rows(
        f"select reference_version from reference.changes where reference_version > {before}"
        " order by reference_version"
    ) == [(version,), (version + 1,)]


def test_change_that_is_rolled_back_holds_nobody_up(catalogue: Meter) -> None:
    with ThreadPoolExecutor(1) as pool, warehouse("meterr_loader") as first:
        version = open_change(first, "test", {})
        later = pool.submit(load_contract, contract(TWENTY))
        until_it_waits(catalogue, later)
        first.rollback()
        assert later.result(PATIENCE_S).reference_version == version + 1
    assert catalogue.value(LATEST) == version + 1


def test_file_is_compared_with_what_the_change_before_it_left(catalogue: Meter) -> None:
    load_contract(contract(TWENTY))
    more = {"name": "more", "percent_off": "30", "valid_from": NEXT}
    with ThreadPoolExecutor(1) as pool, warehouse("meterr_loader") as first:
        CONTRACTS.load(first, contract({**TWENTY, "percent_off": "25"}))
        later = pool.submit(load_contract, contract(TWENTY, more))
        until_it_waits(catalogue, later)
        first.commit()
        assert later.result(PATIENCE_S).changed_from == DAY


def test_publish_neither_waits_for_a_change_nor_passes_it_over(published: Meter) -> None:
    with warehouse("meterr_loader") as first:
        CONTRACTS.load(first, contract(TWENTY))
        published.run("canonical", NEXT)
        assert days_to_rerate(DAY, NEXT) == []
    assert days_to_rerate(DAY, NEXT) == [DAY, NEXT]
