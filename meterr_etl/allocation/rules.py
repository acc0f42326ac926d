"""What a file of allocation rules may say: pools of shared cost, and who bears them (DESIGN §9)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from meterr_etl.reviewed_files import TenantFile

TargetKind = Literal["team", "project", "cost_center"]
Driver = Literal["cost", "tokens", "requests"]
# What a price line tells of itself, and a pool may be filtered by.
DIMENSIONS = (
    "team_id",
    "project_id",
    "cost_center",
    "environment",
    "feature",
    "provider",
    "model",
    "region",
    "service_tier",
    "processing_mode",
    "token_type",
)


class Bearer(NamedTuple):
    """Who bears a share: a team, project or cost center, a pool on the way, or nobody."""

    kind: str
    id: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pool(_Strict):
    """Shared cost: the price lines that have one of the values in each named dimension."""

    name: str = Field(min_length=1)
    filter: dict[str, tuple[str, ...]] = Field(min_length=1)


class Target(_Strict):
    """One who bears a part; exactly one of the four is named, with a weight where it is fixed."""

    team: str | None = None
    project: str | None = None
    cost_center: str | None = None
    pool: str | None = None
    weight: Decimal | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_is_named(self) -> Target:
        if len([name for name in self.model_fields_set if name != "weight"]) != 1:
            raise ValueError("name exactly one of team, project, cost_center and pool")
        return self

    @property
    def bearer(self) -> Bearer:
        """The one that is named."""
        kind = next(
            name for name in ("team", "project", "cost_center", "pool") if getattr(self, name)
        )
        return Bearer(kind, str(getattr(self, kind)))


class Rule(_Strict):
    """How one pool is distributed on the days of `[valid_from, valid_to)`.

    `every` names all teams, projects or cost centers that have cost of their own on a day.
    """

    pool: str
    valid_from: date
    valid_to: date | None = None
    weights: Literal["even", "fixed", "proportional"]
    driver: Driver | None = None
    targets: tuple[Target, ...] = ()
    every: TargetKind | None = None
    minimum_share: Decimal = Field(Decimal(0), ge=0, lt=1)
    if_driver_is_zero: Literal["even", "unallocated"] = "unallocated"

    @model_validator(mode="after")
    def _says_one_thing(self) -> Rule:
        if (self.every is None) == (not self.targets):
            raise ValueError("give either targets or every")
        if (self.driver is not None) != (self.weights == "proportional"):
            raise ValueError("a driver goes with proportional weights, and only with them")
        if self.weights == "fixed" and self.every:
            raise ValueError("fixed weights need a list of targets")
        if (self.valid_to or date.max) <= self.valid_from:
            raise ValueError("valid_to must be later than valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class AllocationRules(TenantFile):
    """All pools and rules of one tenant, in the order in which a price line looks for its pool.

    With `step_down` a pool may serve only pools that stand after it; with `reciprocal` pools serve
    each other, and all are solved at once.
    """

    method: Literal["step_down", "reciprocal"]
    pools: tuple[Pool, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)

    def holding_on(self, day: date) -> dict[str, Rule]:
        """Return the rule of each pool that has one on a day."""
        return {rule.pool: rule for rule in self.rules if rule.holds_on(day)}

    @property
    def first_day(self) -> date:
        """The first day on which any rule holds."""
        return min(rule.valid_from for rule in self.rules)

    def first_changed_day(self, former: AllocationRules | None) -> date:
        """Return the first day that these rules may distribute otherwise than the former did."""
        if former is None:
            return self.first_day
        if (former.method, former.pools) != (self.method, self.pools):
            return min(former.first_day, self.first_day)
        changed = [
            rule
            for rule in (*former.rules, *self.rules)
            if (rule in former.rules) != (rule in self.rules)
        ]
        return min((rule.valid_from for rule in changed), default=self.first_day)
