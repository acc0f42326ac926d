"""reference.rates is an append-only log that follows the installed catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from meterr_etl.pricing import sync
from meterr_etl.pricing.catalogue import catalogue_rates, catalogue_version
from meterr_etl.pricing.rate import BEGINNING, Rate
from meterr_etl.pricing.sync import SyncReport, sync_rates

Catalogue = Callable[..., SyncReport]

GPT = Rate(
    catalogue="genai-prices",
    catalogue_version="1",
    provider_id="openai",
    model_id="gpt",
    token_type="output",
    processing_mode="sync",
    service_tier="standard",
    context_above_tokens=0,
    valid_from=BEGINNING,
    valid_to=None,
    unit_price=Decimal("0.00001"),
)
CLAUDE = replace(GPT, provider_id="anthropic", model_id="claude")


@pytest.fixture
def synced(warehouse_db: str, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Sync a catalogue that holds just the rates given."""

    def run(*rates: Rate) -> SyncReport:
        monkeypatch.setattr(sync, "catalogue_rates", lambda: list(rates))
        return sync_rates()

    return run


def rates_in(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select model_id, unit_price, valid_to, reference_version, retired_by"
            " from reference.rates order by reference_version, model_id, valid_from"
        ).fetchall()


def changes_in(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select kind, detail from reference.changes where kind = 'rates'"
            " order by reference_version"
        ).fetchall()


def test_the_whole_catalogue_arrives_exactly_and_a_second_sync_changes_nothing(
    warehouse_db: str,
) -> None:
    expected = {(rate.rate_id, rate.unit_price) for rate in catalogue_rates()}
    first = sync_rates()
    second = sync_rates()
    assert (first.added, first.retired, first.rates) == (len(expected), 0, len(expected))
    assert (second.added, second.retired, second.reference_version) == (0, 0, None)
    with psycopg.connect(warehouse_db) as connection:
        stored = connection.execute(
            "select rate_id, unit_price from reference.rates where retired_by is null"
        ).fetchall()
        versions = connection.execute("select distinct catalogue_version from reference.rates")
        assert versions.fetchall() == [(catalogue_version(),)]
    assert set(stored) == expected
    assert len(changes_in(warehouse_db)) == 1


def test_a_change_of_price_retires_the_old_rate_and_appends_the_new(
    synced: Catalogue, warehouse_db: str
) -> None:
    first = synced(GPT, CLAUDE).reference_version
    second = synced(replace(GPT, unit_price=Decimal("0.00002")), CLAUDE).reference_version
    assert rates_in(warehouse_db) == [
        ("claude", Decimal("0.00001"), None, first, None),
        ("gpt", Decimal("0.00001"), None, first, second),
        ("gpt", Decimal("0.00002"), None, second, None),
    ]
    assert changes_in(warehouse_db)[1] == (
        "rates",
        {
            "catalogue": "genai-prices",
            "catalogue_version": catalogue_version(),
            "added": 1,
            "retired": 1,
        },
    )


def test_an_announced_price_closes_the_one_before_it(synced: Catalogue, warehouse_db: str) -> None:
    first = synced(GPT).reference_version
    turn = date(2026, 12, 1)
    dearer = replace(GPT, valid_from=turn, unit_price=Decimal("0.00002"))
    second = synced(replace(GPT, valid_to=turn), dearer).reference_version
    assert rates_in(warehouse_db) == [
        ("gpt", Decimal("0.00001"), None, first, second),
        ("gpt", Decimal("0.00001"), turn, second, None),
        ("gpt", Decimal("0.00002"), None, second, None),
    ]


def test_a_rate_that_left_the_catalogue_is_retired_and_kept(
    synced: Catalogue, warehouse_db: str
) -> None:
    first = synced(GPT, CLAUDE).reference_version
    report = synced(CLAUDE)
    assert (report.added, report.retired) == (0, 1)
    assert ("gpt", Decimal("0.00001"), None, first, report.reference_version) in rates_in(
        warehouse_db
    )


def test_a_rate_that_returns_is_a_new_row_and_then_stands(
    synced: Catalogue, warehouse_db: str
) -> None:
    first = synced(GPT).reference_version
    second = synced().reference_version
    third = synced(GPT).reference_version
    assert rates_in(warehouse_db) == [
        ("gpt", Decimal("0.00001"), None, first, second),
        ("gpt", Decimal("0.00001"), None, third, None),
    ]
    assert synced(GPT).reference_version is None


def test_an_upgrade_that_changes_no_price_changes_nothing(synced: Catalogue) -> None:
    synced(GPT)
    assert synced(replace(GPT, catalogue_version="2")).reference_version is None


def test_rates_of_another_catalogue_are_left_alone(synced: Catalogue, warehouse_db: str) -> None:
    synced(GPT)
    with psycopg.connect(warehouse_db) as connection:
        connection.execute("update reference.rates set catalogue = 'contract'")
    report = synced(CLAUDE)
    assert (report.added, report.retired) == (1, 0)


def test_a_sync_that_fails_leaves_the_rates_as_they_were(
    synced: Catalogue, warehouse_db: str
) -> None:
    synced(GPT)
    before = rates_in(warehouse_db)
    with pytest.raises(psycopg.errors.CheckViolation):
        synced(replace(GPT, unit_price=Decimal(-1)))
    assert rates_in(warehouse_db) == before
    assert len(changes_in(warehouse_db)) == 1
