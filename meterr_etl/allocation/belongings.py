"""To whom projects and teams belong: as a period's own lines say, else as of the charge date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

NOBODY = "unassigned"


class Used(NamedTuple):
    """What lines sum to; of two, the one with more cost is greater."""

    cost: Decimal
    tokens: Decimal
    requests: Decimal


class Moved(NamedTuple):
    """To whom a project or a team that ever moved belonged on a day; None is nobody."""

    entity: str
    entity_id: str
    belongs_to: str | None


@dataclass(frozen=True)
class Belongings:
    """The team of each project and the cost center of each team, where somebody says so."""

    teams: dict[str, str] = field(default_factory=dict)
    cost_centers: dict[str, str] = field(default_factory=dict)

    def as_of(self, moved: Iterable[Moved]) -> Belongings:
        """Return these, but for who ever moved as it was on a day."""
        then = {"projects": dict(self.teams), "teams": dict(self.cost_centers)}
        for entity, member, belongs_to in moved:
            if belongs_to is None:
                then[entity].pop(member, None)
            else:
                then[entity][member] = belongs_to
        return Belongings(then["projects"], then["teams"])


class Told:
    """What a period's lines say of whom their members belong to."""

    def __init__(self) -> None:
        self._used: dict[str, dict[str, Used]] = {}

    def add(self, member: str, belongs_to: str, used: Used) -> None:
        """Take in what a member used for whom; nobody is neither, and so says nothing."""
        if NOBODY in {member, belongs_to}:
            return
        told = self._used.setdefault(member, {})
        former = told.get(belongs_to, Used(Decimal(0), Decimal(0), Decimal(0)))
        told[belongs_to] = Used(*(was + more for was, more in zip(former, used, strict=True)))

    def of(self, member: str) -> str | None:
        """Return for whom a member used most; the name decides only where all is equal."""
        told = self._used.get(member, {})
        return max(told, key=lambda owner: (told[owner], owner), default=None)
