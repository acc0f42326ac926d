"""Judges an export by every rule: it holds, it is broken, it asks nothing here, or nobody can say.

A rule is asked of the rows that meet its condition and that of a rule above it. MAY asks nothing.
Of alternatives (an OR of rules) those that do not hold are not broken while another one holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Context, localcontext
from enum import StrEnum

from .checks import (
    OF_COLUMNS,
    UnknownCheckError,
    holds_of_columns,
    holds_of_pairs,
    holds_of_row,
)
from .described import DESCRIBED
from .exported import Exported, Row
from .rules import Rule, Rules, parts_of

# What our data generator supports, in the words of the rules; rules on all else ask nothing.
SUPPORTED = frozenset(
    {
        "ACCOUNT_NAMING_SUPPORTED",
        "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
        "NEGOTIATED_PRICING_SUPPORTED",
        "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
        "PUBLIC_PRICE_LIST_SUPPORTED",
        "REGION_SUPPORTED",
        "SUB_ACCOUNT_SUPPORTED",
        "TAGGING_SUPPORTED",
        "UNIT_PRICING_SUPPORTED",
        "USAGE_MEASUREMENT_SUPPORTED",
    }
)


class Verdict(StrEnum):
    """What came of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    NOT_EVALUATED = "not evaluated"


@dataclass
class Evaluation:
    """The verdicts on one export; `unknown` are kinds of checks that nobody wrote down here."""

    rules: Rules
    exported: Exported
    unknown: set[str] = field(default_factory=set)
    _verdicts: dict[str, Verdict] = field(default_factory=dict)
    _scopes: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each rule by its id."""
        with localcontext(Context(prec=200)):
            return {id_: self._settled(id_) for id_ in self.rules.by_id}

    def counts(self) -> dict[str, int]:
        """How many rules have which verdict."""
        found = Counter(self.verdicts().values())
        return {verdict.value: found[verdict] for verdict in Verdict}

    def named(self, verdict: Verdict) -> set[str]:
        """The rules of one verdict."""
        return {id_ for id_, found in self.verdicts().items() if found is verdict}

    def _settled(self, id_: str) -> Verdict:
        """A rule's own verdict, unless it is an alternative to one that holds."""
        own, above = self._own(id_), self.rules.parents[id_]
        if own is Verdict.FAILED and self.rules.is_alternative(id_):
            is_met = all(self._own(parent) is Verdict.PASSED for parent in above)
            return Verdict.NOT_APPLICABLE if is_met else own
        return own

    def _own(self, id_: str) -> Verdict:
        if id_ not in self._verdicts:
            self._verdicts[id_] = self._judge(self.rules.by_id[id_])
        return self._verdicts[id_]

    def _judge(self, rule: Rule) -> Verdict:
        if not self._applies(rule.id) or rule.keyword == "MAY":
            return Verdict.NOT_APPLICABLE
        if parts := parts_of(rule.requirement):
            if rule.requirement["CheckFunction"] == "OR":
                return _any([self._own(part) for part in parts])
            return _all([self._settled(part) for part in parts])
        return self._check(rule) if rule.requirement else self._describe(rule)

    def _describe(self, rule: Rule) -> Verdict:
        rows, holds = self._scope(rule.id), DESCRIBED.get(rule.id)
        if rows and holds is None:
            return Verdict.NOT_EVALUATED
        return _verdict(
            holds is not None and _sensibly(lambda: holds(self.exported, rows)),
            is_asked=bool(rows),
        )

    def _check(self, rule: Rule) -> Verdict:
        check, rows = rule.requirement, self._scope(rule.id)
        if check["CheckFunction"] in OF_COLUMNS:
            return _verdict(holds_of_columns(check, self.exported), is_asked=True)
        if check["CheckFunction"] == "CheckDistinctCount":
            return _verdict(holds_of_pairs(check, rows), is_asked=bool(rows))
        try:
            holds = _sensibly(
                lambda: all(holds_of_row(check, row, self.rules.currencies) for row in rows)
            )
        except UnknownCheckError as error:
            self.unknown.add(str(error))
            return Verdict.NOT_EVALUATED
        return _verdict(holds, is_asked=bool(rows))

    def _applies(self, id_: str) -> bool:
        above = self.rules.parents[id_]
        return self.rules.by_id[id_].criteria <= SUPPORTED and (
            not above or any(self._applies(parent) for parent in above)
        )

    def _scope(self, id_: str) -> tuple[Row, ...]:
        """The rows that meet a rule's condition and those of one rule above it, to the top."""
        if id_ not in self._scopes:
            above = self.rules.parents[id_]
            within = [self._scope(parent) for parent in above] or [self.exported.rows]
            rows = {id(row): row for scope in within for row in scope}.values()
            condition, currencies = self.rules.by_id[id_].condition, self.rules.currencies
            self._scopes[id_] = tuple(
                r for r in rows if not condition or holds_of_row(condition, r, currencies)
            )
        return self._scopes[id_]


def _sensibly(holds: Callable[[], bool]) -> bool:
    """Whether a check holds; what can't even be read does not."""
    try:
        return holds()
    except (ArithmeticError, TypeError, ValueError):
        return False


def _verdict(holds: bool, *, is_asked: bool) -> Verdict:
    if not is_asked:
        return Verdict.NOT_APPLICABLE
    return Verdict.PASSED if holds else Verdict.FAILED


def _all(parts: list[Verdict]) -> Verdict:
    for verdict in (Verdict.FAILED, Verdict.PASSED, Verdict.NOT_EVALUATED):
        if verdict in parts:
            return verdict
    return Verdict.NOT_APPLICABLE


def _any(parts: list[Verdict]) -> Verdict:
    for verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.NOT_EVALUATED):
        if verdict in parts:
            return verdict
    return Verdict.NOT_APPLICABLE
