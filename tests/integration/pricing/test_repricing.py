"""After a change of reference data exactly the days that used what changed are re-rated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from meterr_etl import pipeline
from meterr_etl.charges.charge import TenantCharges
from meterr_etl.charges.versions import load_charges
from meterr_etl.contract_rates.exchange import ExchangeRates, load_exchange_rates
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.ledger.changes import latest_version, open_change
from meterr_etl.pricing.aliases import add_alias, suggested_aliases
from meterr_etl.pricing.book import load_rate_book
from meterr_etl.pricing.catalogue import catalogue_version
from meterr_etl.pricing.inspect import version_of_catalogue
from meterr_etl.repricing import days_to_rerate, rebuilt, reprice, what_if
from meterr_etl.warehouse.connection import warehouse
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

from .conftest import Meter, with_rates

DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)
MILLION = 1_000_000


def event(number: int, day: date, tenant: str, model: str) -> dict[str, object]:
    return {
        "source_event_id": f"e{number}",
        "event_at": f"{day} 10:00:00+00",
        "source_updated_at": f"{day} 10:00:00+00",
        "tenant_id": tenant,
        "provider": "openai",
        "model": model,
        "usage_basis": "inclusive",
        "input_tokens": MILLION,
        "output_tokens": 0,
    }


def with_two_days(pair: Pair) -> None:
    with_rates(pair)
    meter = Meter(pair.source, pair.warehouse)
    meter.create_table("canonical")
    meter.load(
        "usage_events",
        [
            event(1, DAY, "acme", "gpt-4o"),
            event(2, DAY, "beta", "house-model"),
            event(3, NEXT, "acme", "gpt-4.1"),
            event(4, NEXT, "beta", "gpt-4.1"),
        ],
    )
    for day in (DAY, NEXT):
        meter.run("canonical", day)


@pytest.fixture
def published(prepared: Prepared, lenient: pytest.MonkeyPatch) -> Iterator[Meter]:
    """Two days: gpt-4o on the first alone, an unknown name on both, gpt-4.1 on the second."""
    with prepared.copied(with_two_days, lenient) as pair:
        yield Meter(pair.source, pair.warehouse)


def change_price(meter: Meter, model: str, unit_price: str) -> None:
    """Retire a model's input rate and append a dearer one, as a sync does."""
    with psycopg.connect(meter.warehouse_url) as connection:
        connection.execute("insert into reference.changes (kind) values ('rates')")
        version = connection.execute("select max(reference_version) from reference.changes")
        number = version.fetchone()[0]
        connection.execute(
            "create temporary table old as select * from reference.rates where model_id = %s"
            " and provider_id = 'openai' and token_type = 'uncached_input'"
            " and processing_mode = 'sync' and service_tier = 'standard' and retired_by is null",
            (model,),
        )
        connection.execute(
            "update reference.rates set retired_by = %s where rate_id in (select rate_id from old)",
            (number,),
        )
        connection.execute(
            "update old set rate_id = rate_id || '-new', unit_price = %s, reference_version = %s",
            (Decimal(unit_price), number),
        )
        connection.execute("insert into reference.rates select * from old")


def cost_by_day(meter: Meter) -> dict[date, Decimal]:
    rows = meter.rows(
        "select charge_date, sum(effective_cost) from marts.usage_by_team_daily group by 1"
    )
    return dict(rows)


def test_a_change_of_price_re_rates_only_the_days_that_used_it(published: Meter) -> None:
    assert days_to_rerate(DAY, NEXT) == []
    before = cost_by_day(published)
    change_price(published, "gpt-4o", "0.000003")
    assert days_to_rerate(DAY, NEXT) == [DAY]
    assert days_to_rerate(DAY, NEXT, "acme") == [DAY]
    assert days_to_rerate(DAY, NEXT, "beta") == []
    versions = published.rows("select event_date, version from ops.published_days order by 1")

    shown = reprice(DAY, NEXT, trigger="test", dry_run=True)
    assert (shown.days, shown.is_published) == ((DAY,), False)
    assert [(c["tenant_id"], c["cost_change"]) for c in shown.changes] == [("acme", Decimal("0.5"))]
    assert cost_by_day(published) == before
    assert versions == published.rows(
        "select event_date, version from ops.published_days order by 1"
    )

    done = reprice(DAY, NEXT, trigger="test")
    assert (done.days, done.is_published, done.changes) == ((DAY,), True, shown.changes)
    assert cost_by_day(published) == before | {DAY: before[DAY] + Decimal("0.5")}
    assert published.rows("select event_date, version from ops.published_days order by 1") == [
        (DAY, versions[0][1] + 1),
        (NEXT, versions[1][1]),
    ]
    assert published.rows("select cause, cost_change from marts.restatements") == [
        ("rate", Decimal("0.5"))
    ]
    assert days_to_rerate(DAY, NEXT) == []
    assert published.value("select count(*) from ops.windows") == 2
    total = published.value("select sum(list_cost) from marts.token_events_priced")
    assert total == sum(cost_by_day(published).values())


def test_a_run_ahead_on_the_same_day_holds_back_no_re_rating(published: Meter) -> None:
    before = cost_by_day(published)
    ahead = pipeline.extract("canonical", Window.of_day(DAY), trigger="test")
    for step in ("gate_landing", "stage"):
        pipeline.run_step(step, ahead)
    change_price(published, "gpt-4o", "0.000003")
    done = reprice(DAY, NEXT, trigger="test")
    assert [c["cost_change"] for c in done.changes] == [Decimal("0.5")]
    pipeline.resume(ahead, after="stage")
    assert cost_by_day(published) == before | {DAY: before[DAY] + Decimal("0.5")}


def test_a_comparison_that_fails_leaves_no_run_at_work(published: Meter) -> None:
    with pytest.raises(ZeroDivisionError):
        rebuilt([DAY], "reprice", trigger="test", tenant_id=None, compare=lambda *_: [{"": 1 / 0}])
    assert published.rows("select status, failed_step from ops.runs where kind = 'reprice'") == [
        ("failed", "compare")
    ]


def test_an_alias_mends_an_unknown_name_and_its_days_alone(published: Meter) -> None:
    with warehouse("meterr_publisher") as connection:
        assert [row["model"] for row in suggested_aliases(connection)] == ["house-model"]
    added = add_alias("openai", "house-model", "openai/gpt-4o-mini", "our gateway's name")
    assert added.reference_version
    assert add_alias("openai", "house-model", "openai/gpt-4o-mini", "").reference_version is None
    assert days_to_rerate(DAY, NEXT) == [DAY]
    done = reprice(DAY, NEXT, trigger="test")
    assert [(c["tenant_id"], c["published_cost"], c["rerated_cost"]) for c in done.changes] == [
        ("beta", None, Decimal("0.15"))
    ]
    assert published.value("select count(*) from marts.unpriced_usage_daily") == 0


def test_what_if_shows_another_models_cost_and_publishes_nothing(published: Meter) -> None:
    before = cost_by_day(published)
    found = what_if(
        DAY, NEXT, trigger="test", instead={"gpt-4.1": "openai/gpt-4.1-mini"}, tenant_id="acme"
    )
    assert [(c["tenant_id"], c["cost_change"]) for c in found.changes] == [
        ("acme", Decimal("-1.6"))
    ]
    assert not found.is_published
    assert cost_by_day(published) == before


def load_all_but_rates() -> None:
    """Load a contract of 20 % in euros, a charge and an alias, as anybody does after a sync."""
    load_exchange_rates(
        ExchangeRates.model_validate(
            {
                "exchange_rates": [
                    {"from_currency": "USD", "to_currency": "EUR", "valid_from": DAY, "rate": "0.5"}
                ]
            }
        )
    )
    load_contract(
        Contract.model_validate(
            {
                "tenant_id": "acme",
                "billed_in": [{"currency": "EUR", "valid_from": DAY}],
                "terms": [{"name": "all", "percent_off": "20", "valid_from": DAY}],
            }
        )
    )
    charge = {
        "name": "support", "kind": "fee", "provider": "openai", "amount": "7", "valid_from": DAY,
    }  # fmt: skip
    load_charges(TenantCharges.model_validate({"tenant_id": "beta", "charges": [charge]}))
    add_alias("openai", "house-model", "openai/gpt-4o-mini", "our gateway's name")


def test_what_if_of_the_catalogue_in_force_changes_nothing_that_was_loaded_since(
    published: Meter,
) -> None:
    load_all_but_rates()
    reprice(DAY, NEXT, trigger="test")
    before = cost_by_day(published)
    found = what_if(DAY, NEXT, trigger="test", catalogue_version=catalogue_version())
    assert (found.days, found.changes) == ((DAY, NEXT), ())
    assert cost_by_day(published) == before


def test_what_if_of_a_former_catalogue_takes_back_its_prices_alone(published: Meter) -> None:
    load_all_but_rates()
    change_price(published, "gpt-4o", "0.000003")
    reprice(DAY, NEXT, trigger="test")
    found = what_if(DAY, NEXT, trigger="test", catalogue_version=catalogue_version())
    # A million tokens at half a dollar less, 20 % off, at half a euro a dollar.
    assert [(c["tenant_id"], c["billing_currency"], c["cost_change"]) for c in found.changes] == [
        ("acme", "EUR", Decimal("-0.2"))
    ]


def test_former_catalogue_meets_the_uplifts_of_now(published: Meter) -> None:
    key = ("openai", "gpt-4o", "mars")
    with warehouse("meterr_loader") as connection:
        version = open_change(connection, "uplifts", {})
        connection.execute(
            "insert into reference.region_uplifts (provider_id, model_id, region, multiplier,"
            " reference_version) values (%s, %s, %s, 3, %s)",
            (*key, version),
        )
        former = version_of_catalogue(connection, catalogue_version())
        now = latest_version(connection)
        assert key not in load_rate_book(connection, former).uplifts
        book = load_rate_book(connection, now, rates_version=former)
        assert book.uplifts[key] == 3
        assert load_rate_book(connection, now, rates_version=former - 1).terms == {}
