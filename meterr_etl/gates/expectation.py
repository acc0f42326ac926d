"""What a gate expects of one measure: its bounds, how grave a breach is, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from meterr_etl.errors import InvariantError

Severity = Literal["error", "warning"]
Bound = int | Decimal
Measures = Mapping[str, object]

# Below so many published windows or days nobody can say what is usual.
MIN_HISTORY = 3
MAX_HISTORY = 14


@dataclass(frozen=True)
class Expectation:
    """One measure with its bounds, and the sentences a person reads about it.

    `seen`, `expected` and `unjudged` are `str.format` templates over all measures of the gate.
    A null measure is 'not judged' where `unjudged` says why, and fails where it does not. Rows
    that offend come from the file `sql/{sample}.sql`, or from the measure `evidence`.
    """

    name: str
    severity: Severity
    measure: str
    seen: str
    expected: str
    remedy: str
    minimum: Bound | None = None
    maximum: Bound | None = None
    unjudged: str | None = None
    sample: str | None = None
    evidence: str | None = None

    def is_judgeable(self, measures: Measures) -> bool:
        """Return whether there is something to judge.

        Raises:
            InvariantError: the gate's SQL yields no such measure.
        """
        if self.measure not in measures:
            raise InvariantError(
                f"The measure '{self.measure}' of expectation '{self.name}' does not exist.",
                remedy="This is a defect of the pipeline; please report it.",
            )
        return measures[self.measure] is not None or self.unjudged is None
