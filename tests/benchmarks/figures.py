"""One figure of a benchmark: a value, its baseline of the same run, their ratio, and the target."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value; an absolute aim is given as the baseline, with a target of 1.

    `value` is None where nothing was measured; `note` then says why. `target` bounds the ratio from
    above, or from below where `is_floor`.
    """

    group: str
    name: str
    value: float | None
    unit: str
    baseline_name: str | None = None
    baseline: float | None = None
    target: float | None = None
    is_floor: bool = False
    note: str | None = None

    @property
    def ratio(self) -> float | None:
        """Value by baseline, None where one of them is missing."""
        if self.value is None or not self.baseline:
            return None
        return self.value / self.baseline

    @property
    def meets_target(self) -> bool | None:
        """Whether the ratio is within the target; None where there is nothing to compare."""
        if self.target is None or self.ratio is None:
            return None
        return self.ratio >= self.target if self.is_floor else self.ratio <= self.target

    @property
    def verdict(self) -> str:
        """`met`, `missed`, `not measured`, or nothing where no target is set."""
        if self.value is None:
            return "not measured"
        return {True: "met", False: "missed", None: ""}[self.meets_target]

    def as_json(self) -> dict[str, object]:
        """Return the fields and what follows from them."""
        return {**asdict(self), "ratio": self.ratio, "meets_target": self.meets_target}

    @classmethod
    def from_json(cls, entry: dict[str, object]) -> Figure:
        """Return the figure that `as_json` wrote; what follows from the fields is computed anew."""
        names = cls.__dataclass_fields__
        return cls(**{name: value for name, value in entry.items() if name in names})  # type: ignore[arg-type]


def not_measured(group: str, name: str, unit: str, why: str) -> Figure:
    """Return a figure that says why there is none."""
    return Figure(group, name, None, unit, note=why)
