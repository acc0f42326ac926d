"""What the marts gate expects, and what it says where that is not so."""

from __future__ import annotations

from decimal import Decimal

from meterr_etl.gates.expectation import MIN_HISTORY, Expectation
from meterr_etl.settings import SourceSettings

DRIFT_MIN = Decimal("0.5")
DRIFT_MAX = Decimal(2)
REPORTED_TOLERANCE = Decimal("0.05")
DEFECT = "This is a defect of the pipeline, not of the data: report it with the run's page."
TOO_LITTLE_HISTORY = (
    f"fewer than {MIN_HISTORY} published days lie before each affected day, or nothing is priced"
)


def marts_expectations(chosen: SourceSettings) -> tuple[Expectation, ...]:
    """Return what a candidate must hold to, the band of its drift from the source's settings."""
    return (
        *_conservation(),
        *_price_lines(),
        *_unpriced(),
        *_continuity(),
        *_drift(chosen),
        _reported(),
    )


def none_of(
    name: str,
    measure: str,
    seen: str,
    *,
    expected: str,
    remedy: str = DEFECT,
    sample: str | None = None,
    evidence: str | None = None,
) -> Expectation:
    """Return an expectation of severity error that a count is 0."""
    return Expectation(
        name, "error", measure, seen, expected, remedy, maximum=0, sample=sample, evidence=evidence
    )


def _conservation() -> tuple[Expectation, ...]:
    return (
        none_of(
            "affected_events_complete",
            "event_gaps",
            "{event_gaps:,} affected days hold other events than they should{moved_note}",
            expected="published events, less those superseded, plus the batch",
            evidence="event_gap_rows",
        ),
        none_of(
            "price_lines_hold_all_usage",
            "type_gaps",
            "{type_gaps:,} sums per day, tenant and token type differ from the events{moved_note}",
            expected="every token and call of the affected events on exactly one price line",
            evidence="type_gap_rows",
        ),
        none_of(
            "price_lines_hold_all_charges",
            "charge_gaps",
            "{charge_gaps:,} sums of dated charges per day, tenant and currency differ from the "
            "price lines",
            expected="what of each charge falls on an affected day on exactly one price line",
            evidence="charge_gap_rows",
        ),
        none_of(
            "price_lines_settle_all_volume",
            "settlement_gaps",
            "{settlement_gaps:,} contract terms are settled for other sums than their tiers make "
            "of the month's volume",
            expected="on the last day of a month what its tiers give, to the last digit, and on no "
            "other",
            evidence="settlement_gap_rows",
        ),
        none_of(
            "commitments_pay_what_they_cover",
            "commitment_gaps",
            "{commitment_gaps:,} months of commitments pay other sums than their usage draws",
            expected="by each month's end all usage of the provider, up to the amount, and what is "
            "left told as lost on the last day",
            evidence="commitment_gap_rows",
        ),
        none_of(
            "roll_ups_hold_all_usage",
            "quantity_gaps",
            "{quantity_gaps:,} quantities of roll-ups differ from the price lines{moved_note}",
            expected="the same tokens and requests per day and tenant in every roll-up",
            evidence="quantity_gap_rows",
        ),
        none_of(
            "roll_ups_hold_all_cost",
            "cost_gaps",
            "{cost_gaps:,} costs of roll-ups differ from the price lines{moved_note}",
            expected="the same cost per day, tenant and currency in every roll-up, to the last "
            "digit",
            evidence="cost_gap_rows",
        ),
        none_of(
            "allocation_holds_all_cost",
            "allocation_gaps",
            "{allocation_gaps:,} costs that are borne differ from the price lines{moved_note}",
            expected="direct, allocated, held and unallocated cost, and likewise what pools take "
            "in and leave, add up to the price lines per day, tenant and currency, to the last "
            "digit",
            evidence="allocation_gap_rows",
        ),
        none_of(
            "pools_by_month_are_settled",
            "held_gaps",
            "{held_gaps:,} pools by month hold other costs than they take in{moved_note}",
            expected="all that the pool takes in on each day, given back on the month's last, to "
            "the last digit",
            evidence="held_gap_rows",
        ),
    )


def _price_lines() -> tuple[Expectation, ...]:
    return (
        none_of(
            "cost_is_quantity_times_rate",
            "misrated_lines",
            "{misrated_lines:,} price lines cost something else than quantity times unit price",
            expected="the exact product on every line",
            sample="sample_misrated",
        ),
        none_of(
            "no_negative_cost",
            "negative_lines",
            "{negative_lines:,} price lines have a negative cost",
            expected="none",
            sample="sample_negative_cost",
        ),
        none_of(
            "priced_lines_have_rates",
            "rateless_lines",
            "{rateless_lines:,} priced lines lack a rate, a unit price or a cost",
            expected="all of them on every priced line",
            sample="sample_rateless",
        ),
        none_of(
            "unpriced_lines_have_no_cost",
            "unpriced_lines_with_cost",
            "{unpriced_lines_with_cost:,} lines without a price have a cost",
            expected="none: what has no rate costs null, not a guess",
            sample="sample_unpriced_with_cost",
        ),
    )


def _unpriced() -> tuple[Expectation, ...]:
    return (
        none_of(
            "unpriced_share_small",
            "unpriced_excess",
            "{unpriced_tokens:,.0f} of {tokens:,.0f} tokens have no price, mostly {unpriced_most}",
            expected="no more than each source's unpriced_max_share of its tokens",
            remedy="Bring the catalogue up to date with `meterr prices sync`, or raise "
            "unpriced_max_share of the source: what has no price is billed to nobody.",
            sample="sample_unpriced_models",
        ),
        Expectation(
            "models_priced",
            "warning",
            "unpriced_models",
            "{unpriced_models:,} models have no price at all: {unpriced_model_names}",
            "a rate for every model that was used",
            "Bring the catalogue up to date with `meterr prices sync`; `unpriced_usage_daily` "
            "gives the reasons.",
            maximum=0,
            sample="sample_unpriced_models",
        ),
    )


def _continuity() -> tuple[Expectation, ...]:
    return (
        none_of(
            "affected_days_present",
            "days_missing",
            "affected days with events but no price line: {days_missing_names}",
            expected="each of the {affected_days} affected days that has events",
        ),
        none_of(
            "no_other_day_built",
            "days_strange",
            "days built although the run does not affect them: {days_strange_names}",
            expected="only the run's affected days",
        ),
    )


def _drift(chosen: SourceSettings) -> tuple[Expectation, ...]:
    lowest = 1 - (1 - chosen.volume_min_ratio) / 2
    highest = 1 + (chosen.volume_max_ratio - 1) / 2
    return (
        Expectation(
            "cost_per_token_as_usual",
            "warning",
            "cost_ratio",
            "{cost_drift_date} cost {cost_per_million:.4f} per million priced tokens, "
            "{cost_ratio:.2f} times the {usual_cost:.4f} of {cost_days_compared} days before",
            f"{DRIFT_MIN} to {DRIFT_MAX} times the median",
            "Look for a new model, a changed rate, or cached tokens counted twice.",
            minimum=DRIFT_MIN,
            maximum=DRIFT_MAX,
            unjudged=TOO_LITTLE_HISTORY,
        ),
        Expectation(
            "requests_as_usual",
            "warning",
            "request_ratio",
            "{request_drift_date} has {drift_requests:,.0f} requests, {request_ratio:.2f} times "
            "the {usual_requests:,.0f} of {request_days_compared} days before",
            f"{lowest:.2f} to {highest:.2f} times the median",
            "Check with `meterr status` whether a window of that day is still unpublished.",
            minimum=lowest,
            maximum=highest,
            unjudged=TOO_LITTLE_HISTORY,
        ),
    )


def _reported() -> Expectation:
    return Expectation(
        "reported_cost_near_list_cost",
        "warning",
        "reported_ratio",
        "the source reports {reported_cost:.6f} where list price gives "
        "{comparable_list_cost:.6f} ({reported_ratio:.4f} times)",
        f"within {REPORTED_TOLERANCE:.0%} of list price, where all calls of a kind report a cost",
        "Compare the source's prices with `dim_rate`; a discount belongs in a contract.",
        minimum=1 - REPORTED_TOLERANCE,
        maximum=1 + REPORTED_TOLERANCE,
        unjudged="no kind of call is both wholly priced and wholly reported",
    )
