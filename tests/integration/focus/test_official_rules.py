"""An exported period keeps every official rule of FOCUS 1.2 that a machine can check."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from meterr_etl.exports.focus import FOCUS_VERSION

from .evaluation import Evaluation, Verdict
from .exported import Exported, Row
from .rules import Rules

EXPLAINED = tomllib.loads((Path(__file__).parent / "explained.toml").read_text())
# Rules that one broken value can break, each by what breaks it.
FAULTS: dict[str, tuple[str, str | None]] = {
    "BilledCost-C-003-M": ("BilledCost", None),
    "BilledCost-C-002-M": ("BilledCost", "1,000.00"),
    "BilledCost-C-005-C": ("InvoiceIssuerName", "a marketplace"),
    "BillingCurrency-C-003-M": ("BillingCurrency", "dollars"),
    "BillingCurrency-C-006-M": ("BillingCurrency", "ABC"),
    "BillingPeriodStart-C-002-M": ("BillingPeriodStart", "2026-10-01"),
    "ChargeCategory-C-003-M": ("ChargeCategory", "Consumption"),
    "ChargeClass-C-005-C": ("ChargeClass", "Late"),
    "ContractedUnitPrice-C-011-C": ("ContractedUnitPrice", "77"),
    "ListUnitPrice-C-005-C": ("ListUnitPrice", None),
    "ListUnitPrice-C-008-M": ("ListUnitPrice", "-1"),
    "ListUnitPrice-C-010-C": ("ListCost", "77"),
    "PricingUnit-C-003-O": ("PricingUnit", "tokens"),
    "PricingUnit-C-006-C": ("PricingUnit", None),
    "ServiceName-C-005-C": ("ServiceCategory", "Compute"),
    "ServiceSubcategory-C-004-M": ("ServiceSubcategory", "Bots and more"),
    "SkuPriceDetails-C-001-M": ("SkuPriceDetails", '{"x_A": 1, "x_A": 2}'),
    "SkuPriceDetails-C-017-C": ("SkuPriceDetails", '{"TokenType": "output"}'),
    "SkuPriceId-C-008-M": ("SkuId", "another"),
    "SubAccountName-C-005-C": ("SubAccountName", None),
    "Tags-C-001-M": ("Tags", "cost_center=CC-1"),
    "NullHandling-A-002-M": ("ProviderName", " "),
}


@pytest.fixture(scope="module")
def rules(data_dir: Path) -> Rules:
    return Rules.load(data_dir / "focus")


@pytest.fixture(scope="module")
def judged(rules: Rules) -> Callable[[Exported], Evaluation]:
    return lambda exported: Evaluation(rules, exported)


@pytest.mark.data
def test_the_rules_are_those_of_the_version_that_a_file_names(rules: Rules) -> None:
    assert rules.version == FOCUS_VERSION
    assert len(rules.by_id) == 621


@pytest.mark.data
def test_every_rule_holds_or_is_explained(
    judged: Callable[[Exported], Evaluation], exported: Exported
) -> None:
    evaluation = judged(exported)
    print(f"FOCUS {FOCUS_VERSION}: {evaluation.counts()}")
    for id_ in sorted(evaluation.named(Verdict.NOT_EVALUATED)):
        print(f"not evaluated: {id_}: {evaluation.rules.by_id[id_].text}")
    broken = evaluation.named(Verdict.FAILED)
    assert {id_: evaluation.rules.by_id[id_].text for id_ in broken - set(EXPLAINED)} == {}
    assert set(EXPLAINED) - broken == set(), "explained, and not broken any more"
    assert all(EXPLAINED.values())


@pytest.mark.data
def test_columns_are_those_of_the_version_or_bear_a_prefix(
    rules: Rules, exported: Exported
) -> None:
    known = {
        rule.requirement["ColumnName"]
        for rule in rules.by_id.values()
        if rule.requirement.get("CheckFunction") == "ColumnPresent"
    }
    assert {name for name in exported.kinds if not name.startswith("x_")} <= known


@pytest.mark.data
def test_most_rules_that_apply_are_evaluated(
    judged: Callable[[Exported], Evaluation], exported: Exported
) -> None:
    evaluation = judged(exported)
    assert evaluation.unknown == set()
    counts = evaluation.counts()
    assert counts["passed"] > 270
    assert counts["not evaluated"] < 95


@pytest.mark.data
def test_the_period_holds_what_most_rules_speak_of(exported: Exported) -> None:
    assert {row["ChargeClass"] for row in exported.rows} == {None, "Correction"}
    assert len({row["SkuMeter"] for row in exported.rows}) == 13
    categories = {row["ChargeCategory"] for row in exported.rows}
    assert categories == {"Usage", "Purchase", "Credit", "Adjustment"}
    nullable = ("RegionId", "SubAccountId", "Tags")
    for column in nullable:
        assert len({row[column] is None for row in exported.rows}) == 2, column


@pytest.mark.data
@pytest.mark.parametrize("rule", FAULTS)
def test_a_rule_that_is_broken_is_named(
    judged: Callable[[Exported], Evaluation], exported: Exported, rule: str
) -> None:
    column, value = FAULTS[rule]
    victim = next(i for i, r in enumerate(exported.rows) if r["SubAccountId"] and r["Tags"]
                  and r["ChargeClass"] is None)  # fmt: skip
    rows: list[Row] = [dict(row) for row in exported.rows]
    rows[victim][column] = value
    assert rule in judged(Exported(exported.kinds, tuple(rows))).named(Verdict.FAILED)


@pytest.mark.data
@pytest.mark.parametrize(
    ("rule", "column", "kind"),
    [
        ("BilledCost-C-001-M", "BilledCost", "double"),
        ("ChargePeriodStart-C-001-M", "ChargePeriodStart", "String"),
        ("SkuId-C-001-M", "SkuId", "int64"),
        ("CostAndUsage-D-006-M", "BilledCost", None),
        ("ColumnHandling-A-001-M", "billed_cost", "Decimal"),
        ("CostAndUsage-D-000-M", "BilledCost", "double"),
    ],
)
def test_a_column_of_another_type_or_name_is_seen(
    judged: Callable[[Exported], Evaluation],
    exported: Exported,
    rule: str,
    column: str,
    kind: str | None,
) -> None:
    kinds = {**exported.kinds, column: kind}
    if kind is None:
        del kinds[column]
    rows = tuple({column: None, **row} for row in exported.rows)
    changed = Exported({k: v for k, v in kinds.items() if v}, rows)
    assert rule in judged(changed).named(Verdict.FAILED)


@pytest.mark.data
def test_a_check_that_nobody_knows_is_not_evaluated(rules: Rules, exported: Exported) -> None:
    rules.by_id["BilledCost-C-003-M"].requirement["CheckFunction"] = "CheckMood"
    try:
        evaluation = Evaluation(rules, exported)
        assert "BilledCost-C-003-M" in evaluation.named(Verdict.NOT_EVALUATED)
        assert evaluation.unknown == {"CheckMood"}
    finally:
        rules.by_id["BilledCost-C-003-M"].requirement["CheckFunction"] = "CheckNotValue"
