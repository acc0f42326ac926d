"""The official machine-readable rules of FOCUS, as a graph of rules that refer to each other."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Check = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule; an empty requirement is stated in words only."""

    id: str
    keyword: str
    text: str
    criteria: frozenset[str]
    requirement: Check
    condition: Check


@dataclass(frozen=True)
class Rules:
    """All rules of one version."""

    version: str
    by_id: dict[str, Rule]
    currencies: frozenset[str]

    @classmethod
    def load(cls, folder: Path) -> Rules:
        """Read the one model in a folder, and the currencies that it takes as national."""
        (path,) = folder.glob("model-*.json.gz")
        model = json.loads(gzip.decompress(path.read_bytes()))
        listed = (folder / "currency_codes.csv").read_text("utf-8-sig").split()[1:]
        rules = {id_: _rule(id_, raw) for id_, raw in model["ModelRules"].items()}
        currencies = frozenset(line.rpartition(",")[2] for line in listed)
        return cls(model["Details"]["FOCUSVersion"], rules, currencies)

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """The rules that each rule is a part of."""
        found: dict[str, list[str]] = {id_: [] for id_ in self.by_id}
        for rule in self.by_id.values():
            for part in parts_of(rule.requirement):
                found[part].append(rule.id)
        return found

    def is_alternative(self, id_: str) -> bool:
        """Whether a rule is one of several of which its parents ask for any."""
        above = [self.by_id[parent].requirement["CheckFunction"] for parent in self.parents[id_]]
        return bool(above) and set(above) == {"OR"}


def parts_of(requirement: Check) -> list[str]:
    """The rules that a composite rule consists of."""
    items = requirement.get("Items", [])
    return [i["ModelRuleId"] for i in items if i.get("CheckFunction") == "CheckModelRule"]


def nested(check: Check) -> Iterator[Check]:
    """A check and all checks in it."""
    yield check
    for item in check.get("Items", []):
        yield from nested(item)


def _rule(id_: str, raw: dict[str, Any]) -> Rule:
    criteria = raw["ValidationCriteria"]
    return Rule(
        id=id_,
        keyword=criteria["Keyword"],
        text=criteria["MustSatisfy"],
        criteria=frozenset(raw["ApplicabilityCriteria"]),
        requirement=criteria["Requirement"],
        condition=_condition(criteria["Condition"]),
    )


def _condition(raw: Any) -> Check:
    # Two conditions are written {"AND": …} where all others name a CheckFunction.
    if "AND" in raw:
        items = raw["AND"]
        return {"CheckFunction": "AND", "Items": items if isinstance(items, list) else [items]}
    return raw
