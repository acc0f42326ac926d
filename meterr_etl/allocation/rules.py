"""What a file of allocation rules may say: pools of shared cost, and who bears them (DESIGN §9)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from meterr_etl.reviewed_files import TenantFile

TargetKind = Literal["team", "project", "cost_center"]
# What every day tells of an owner; other drivers are metrics that the file itself gives.
DRIVERS = ("cost", "tokens", "requests")
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
# What tells apart the calls of one line, and costs a look at the events.
ALL_DIMENSIONS = (*DIMENSIONS, "user_id", "api_key_id")
TAG = "tags."


class Bearer(NamedTuple):
    """Who bears a share: a team, project or cost center, a pool on the way, or nobody."""

    kind: str
    id: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pool(_Strict):
    """Shared cost: what has one of the values in each named dimension, or `tags.NAME`."""

    name: str = Field(min_length=1)
    filter: dict[str, tuple[str, ...]] = Field(min_length=1)

    @property
    def tags(self) -> dict[str, list[str]]:
        """The values that each named tag may have."""
        return {
            name.removeprefix(TAG): list(values)
            for name, values in self.filter.items()
            if name.startswith(TAG)
        }


class _Named(_Strict):
    team: str | None = None
    project: str | None = None
    cost_center: str | None = None
    pool: str | None = None

    @model_validator(mode="after")
    def _one_is_named(self) -> Self:
        if len(self._named()) != 1:
            raise ValueError("name exactly one of team, project, cost_center and pool")
        return self

    @property
    def bearer(self) -> Bearer:
        """The one that is named."""
        return self._named()[0]

    def _named(self) -> list[Bearer]:
        kinds = ("team", "project", "cost_center", "pool")
        return [Bearer(kind, str(getattr(self, kind))) for kind in kinds if getattr(self, kind)]


class _Dated(_Strict):
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if (self.valid_to or date.max) <= self.valid_from:
            raise ValueError("valid_to must be later than valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def shares_a_day_with(self, other: _Dated) -> bool:
        """Whether both hold on some day."""
        return self.holds_on(other.valid_from) or other.holds_on(self.valid_from)


class Target(_Named):
    """One who bears a part; exactly one of the four is named, with a weight where it is fixed."""

    weight: Decimal | None = Field(None, gt=0)


class Amount(_Named, _Dated):
    """What a metric says of one team, project, cost center or pool, on `[valid_from, valid_to)`."""

    amount: Decimal = Field(ge=0)


class Metric(_Strict):
    """What no mart knows and cost may follow: heads, seats, square metres."""

    name: str = Field(min_length=1)
    amounts: tuple[Amount, ...] = Field(min_length=1)


class Rule(_Dated):
    """How one pool is distributed on the days of `[valid_from, valid_to)`.

    By month, what the pool takes in is held until the month's last day, and then distributed by the
    drivers of the whole month; such a rule holds for whole months.

    `every` names all teams, projects or cost centers that have cost of their own on a day, or of
    which a metric says something, where that is the driver.
    """

    pool: str
    period: Literal["day", "month"] = "day"
    weights: Literal["even", "fixed", "proportional"]
    driver: str | None = None
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
        if self.period == "month" and not (
            self.valid_from.day == 1 and (self.valid_to or self.valid_from).day == 1
        ):
            raise ValueError("a rule by month begins and ends on the first day of a month")
        if self.weights == "fixed" and self.every:
            raise ValueError("fixed weights need a list of targets")
        return self


class AllocationRules(TenantFile):
    """All pools and rules of one tenant, in the order in which a price line looks for its pool.

    With `step_down` a pool may serve only pools that stand after it; with `reciprocal` pools serve
    each other, and all are solved at once.
    """

    method: Literal["step_down", "reciprocal"]
    pools: tuple[Pool, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)
    metrics: tuple[Metric, ...] = ()

    def holding_on(self, day: date) -> dict[str, Rule]:
        """Return the rule of each pool that has one on a day."""
        return {rule.pool: rule for rule in self.rules if rule.holds_on(day)}

    def metrics_on(self, day: date) -> dict[str, dict[Bearer, Fraction]]:
        """Return what each metric says of whom on a day."""
        return {
            metric.name: {
                said.bearer: Fraction(said.amount) for said in metric.amounts if said.holds_on(day)
            }
            for metric in self.metrics
        }

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
        was, now = _dated_parts(former), _dated_parts(self)
        changed = [part for part in (*was, *now) if (part in was) != (part in now)]
        return min((part.valid_from for _, part in changed), default=self.first_day)


def _dated_parts(rules: AllocationRules) -> list[tuple[str, _Dated]]:
    measured = [(metric.name, said) for metric in rules.metrics for said in metric.amounts]
    return [*(("", rule) for rule in rules.rules), *measured]
