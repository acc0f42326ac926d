"""What a month's volume decides is settled on its last day, whatever the order of its days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterr_etl import pipeline
from meterr_etl.billing.closing import close_period
from meterr_etl.contract_rates.terms import Contract
from meterr_etl.contract_rates.versions import load_contract
from meterr_etl.pipeline import run_step
from meterr_etl.previews import preview_contract
from meterr_etl.repricing import days_to_rerate, reprice
from meterr_etl.window import Window
from tests.prepared import Pair, Prepared

from .conftest import Meter, with_rates

FIRST, MIDDLE, LAST = (date(2026, 10, day) for day in (1, 15, 31))
NOVEMBER = date(2026, 11, 1)
MILLION = 1_000_000
# A million input tokens of gpt-4o cost 2.50 USD.
INPUT = {"name": "input", "model": "gpt-4o", "token_type": "uncached_input"}
BY_PRICE = {
    **INPUT,
    "price_per_million": "2",
    "tiers": [
        {"above": 2 * MILLION, "price_per_million": "1.5"},
        {"above": 4 * MILLION, "price_per_million": "1"},
    ],
}
SETTLED = (
    "select charge_date, project_id, list_cost, contracted_cost, effective_cost, billed_cost"
    " from marts.fct_usage_cost_daily where token_type = 'volume_settlement' order by 1, 2"
)
SUM = "select sum(effective_cost) from marts.fct_usage_cost_daily where tenant_id = 'acme'"
CONSERVED = "select " + " and ".join(
    f"(select sum({cost}) from marts.fct_usage_cost_daily) = (select sum({cost}) from marts.{mart})"
    for mart in ("usage_by_tenant_daily", "chargeback_monthly", "fct_allocated_cost_daily")
    for cost in ("list_cost", "contracted_cost", "effective_cost", "billed_cost")
)
# All that an analyst can see of October, but for when and by which run it was published.
OCTOBER = (
    "select * from marts.fct_usage_cost_daily order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,"
    " 14, 15, 16, 17"
)


def contract(*terms: object) -> Contract:
    return Contract.model_validate(
        {"tenant_id": "acme", "terms": [{"valid_from": FIRST, **term} for term in terms]}  # type: ignore[dict-item]
    )


def event(
    number: int, day: date, millions: int, project: str = "web", arrived: date | None = None
) -> dict[str, object]:
    return {
        "source_event_id": f"e{number}",
        "event_at": f"{day} 10:00:00+00",
        "source_updated_at": f"{arrived or day} 11:00:00+00",
        "tenant_id": "acme",
        "project_id": project,
        "provider": "openai",
        "model": "gpt-4o",
        "usage_basis": "inclusive",
        "input_tokens": millions * MILLION,
        "output_tokens": 0,
    }


def with_usage(pair: Pair) -> None:
    with_rates(pair)
    meter = Meter(pair.source, pair.warehouse)
    meter.create_table("canonical")
    meter.load(
        "usage_events",
        [
            event(1, FIRST, 1),
            event(2, MIDDLE, 2, "search"),
            event(3, LAST, 2),
        ],
    )


@pytest.fixture
def usage(prepared: Prepared, lenient: pytest.MonkeyPatch) -> Iterator[Meter]:
    """Five million tokens in October: three of one project, two of another."""
    with prepared.copied(with_usage, lenient) as pair:
        yield Meter(pair.source, pair.warehouse)


def run_days(meter: Meter, *days: date) -> None:
    for day in days:
        meter.run("canonical", day)


def test_month_is_settled_on_its_last_day_by_whoever_used_the_volume(usage: Meter) -> None:
    load_contract(contract(BY_PRICE))
    run_days(usage, FIRST, MIDDLE)
    assert usage.rows(SETTLED) == []
    run_days(usage, LAST)
    # 2 at 2, 2 at 1.5, 1 at 1 are 8; by the term's own price 10.
    assert usage.rows(SETTLED) == [
        (LAST, "search", 0, Decimal("-0.8"), Decimal("-0.8"), Decimal("-0.8")),
        (LAST, "web", 0, Decimal("-1.2"), Decimal("-1.2"), Decimal("-1.2")),
    ]
    assert usage.value(SUM) == 8
    assert usage.value(CONSERVED) is True


def test_volume_of_the_highest_tier_may_price_all_of_it_and_be_list_cost(usage: Meter) -> None:
    tiers = [{"above": "12.5", "percent_off": "20"}, {"above": "12.49", "percent_off": "15"}]
    term = {"name": "all", "percent_off": "10", "tiers_apply_to": "all"}
    load_contract(contract({**term, "tiers": tiers[::-1]}))
    run_days(usage, FIRST, MIDDLE, LAST)
    # 12.50 by list: what begins above that is not reached.
    assert usage.value(SUM) == Decimal("12.5") * Decimal("0.85")


def test_late_event_settles_its_month_anew_and_no_other_day(usage: Meter) -> None:
    load_contract(contract(BY_PRICE))
    run_days(usage, FIRST, MIDDLE, LAST)
    versions = "select event_date, version from ops.published_days order by 1"
    before = dict(usage.rows(versions))  # type: ignore[arg-type]
    usage.load("usage_events", [event(4, FIRST, 1, arrived=NOVEMBER)])
    usage.run("canonical", NOVEMBER)
    after = dict(usage.rows(versions))  # type: ignore[arg-type]
    assert {day for day in before if after[day] != before[day]} == {FIRST, LAST}
    assert usage.value(SUM) == 9
    assert usage.rows(
        "select charge_date, cause, cost_change from marts.restatements order by 1"
    ) == [(FIRST, "late events", Decimal(2)), (LAST, "volume", Decimal(-1))]


def test_order_of_days_does_not_matter(usage: Meter) -> None:
    load_contract(contract(BY_PRICE))
    run_days(usage, LAST)
    assert usage.rows(SETTLED) == []
    run_days(usage, MIDDLE)
    assert usage.value(SUM) == 4 + 3
    run_days(usage, FIRST)
    assert usage.value(SUM) == 8
    out_of_order = usage.rows(OCTOBER)
    pipeline.run_window(
        "canonical",
        Window(Window.of_day(FIRST).start, Window.of_day(LAST).end),
        trigger="test",
    )
    assert usage.rows(OCTOBER) == out_of_order


@pytest.mark.parametrize(("slow", "quick"), [(LAST, MIDDLE), (MIDDLE, LAST)])
def test_day_published_meanwhile_is_part_of_the_volume(
    usage: Meter, slow: date, quick: date
) -> None:
    load_contract(contract(BY_PRICE))
    run_id = pipeline.extract("canonical", Window.of_day(slow), trigger="test")
    for step in pipeline.STEPS[1:-2]:
        run_step(step, run_id)
    run_days(usage, quick)
    run_step("publish", run_id)
    assert usage.value(SUM) == 4 + 3
    assert usage.value(CONSERVED) is True


def test_settlement_of_a_closed_month_moves_by_corrections_alone(usage: Meter) -> None:
    load_contract(contract(BY_PRICE))
    october = Window(Window.of_day(FIRST).start, Window.of_day(LAST).end)
    pipeline.run_window("canonical", october, trigger="test")
    close_period(FIRST, datetime(2026, 11, 2, tzinfo=UTC))
    billed = usage.rows("select * from marts.billed_lines order by 1, 2, 3, 4, 5, 6, 7, 8")
    usage.load("usage_events", [event(4, FIRST, 1, arrived=NOVEMBER)])
    usage.run("canonical", NOVEMBER)
    assert usage.rows("select * from marts.billed_lines order by 1, 2, 3, 4, 5, 6, 7, 8") == billed
    assert usage.rows(
        "select billing_month, token_type, sum(effective_cost) from marts.billing_corrections"
        " where effective_cost <> 0 group by 1, 2 order by 2"
    ) == [
        (NOVEMBER, "uncached_input", Decimal(2)),
        (NOVEMBER, "volume_settlement", Decimal(-1)),
    ]


def test_changed_tiers_re_rate_the_month_and_are_shown_before(usage: Meter) -> None:
    run_days(usage, FIRST, MIDDLE, LAST)
    assert usage.value(SUM) == Decimal("12.5")
    found = preview_contract(contract(BY_PRICE), FIRST, LAST, trigger="test")
    assert [row["cost_change"] for row in found.changes] == [Decimal("-4.5")]
    assert usage.value(SUM) == Decimal("12.5")
    load_contract(contract(BY_PRICE))
    assert days_to_rerate(FIRST, LAST) == [FIRST, MIDDLE, LAST]
    reprice(FIRST, LAST, trigger="test")
    assert usage.value(SUM) == 8


def of_tiers(
    volume: int, base: str, tiers: Sequence[tuple[int, str]], *, is_of_all: bool
) -> Decimal:
    """What units cost by prices above thresholds, reckoned apart from the product."""
    bounds = [(0, base), *tiers]
    if is_of_all:
        price = next(p for above, p in reversed(bounds) if volume > above or above == 0)
        return Decimal(volume) * Decimal(price)
    cost = Fraction(0)
    for place, (above, price) in enumerate(bounds):
        end = bounds[place + 1][0] if place + 1 < len(bounds) else volume
        cost += max(min(volume, end) - above, 0) * Fraction(price)
    scaled = cost * 10**24
    assert scaled.denominator == 1
    return Decimal(scaled.numerator).scaleb(-24)


PRICE = st.decimals("0", "0.001", places=12).map(str)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    base=PRICE,
    tiers=st.dictionaries(st.integers(1, 6 * MILLION), PRICE, min_size=1, max_size=5),
    is_of_all=st.booleans(),
)
def test_any_tiers_settle_to_the_last_digit(
    usage: Meter, base: str, tiers: dict[int, str], is_of_all: bool
) -> None:
    steps = sorted(tiers.items())
    if not usage.value("select count(*) from ops.published_days"):
        run_days(usage, FIRST, MIDDLE, LAST)
    load_contract(
        contract(
            {
                **INPUT,
                "price_per_unit": base,
                "tiers_apply_to": "all" if is_of_all else "part",
                "tiers": [{"above": above, "price_per_unit": price} for above, price in steps],
            }
        )
    )
    reprice(FIRST, LAST, trigger="test")
    assert usage.value(SUM) == of_tiers(5 * MILLION, base, steps, is_of_all=is_of_all)
    assert usage.value(CONSERVED) is True
