"""A night that passes every gate, and the means to plant one fault in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from meterr_etl.errors import GateFailedError
from meterr_etl.gates import run_gate
from meterr_etl.warehouse.names import Gate

RUN = "261121020000abcdef"
HERE = Path(__file__).parent
CLEAN_NIGHT = (
    HERE / "clean_night.sql",
    HERE.parent / "month_inputs.sql",
    HERE / "clean_candidate.sql",
)


@dataclass
class Night:
    """One hand-made run; `RUN` in a statement stands for its id."""

    connection: psycopg.Connection
    run_id: str = RUN

    def plant(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement.replace("RUN", self.run_id))

    def note(self, **metrics: object) -> None:
        """Change what the extract noted of the run."""
        self.connection.execute(
            "update ops.run_steps set metrics = metrics || %s where run_id = %s",
            (psycopg.types.json.Jsonb(metrics), self.run_id),
        )

    def judge(self, gate: Gate) -> str | None:
        """Run a gate; return the error's text where it stopped the run."""
        try:
            run_gate(gate, self.run_id)
        except GateFailedError as error:
            return str(error)
        return None

    def verdicts(self, gate: Gate) -> dict[str, tuple[str, str, list]]:
        """Outcome, message and sample of each expectation, as the ledger holds them."""
        rows = self.connection.execute(
            "select expectation, outcome, message, sample from ops.gate_verdicts"
            " where run_id = %s and gate = %s",
            (self.run_id, gate),
        ).fetchall()
        return {name: (outcome, message, sample) for name, outcome, message, sample in rows}

    def outcomes(self, gate: Gate, outcome: str) -> set[str]:
        return {name for name, said in self.verdicts(gate).items() if said[0] == outcome}


@pytest.fixture
def night(warehouse_db: str) -> Night:
    with psycopg.connect(warehouse_db, autocommit=True) as connection:
        found = Night(connection)
        script = "\n".join(part.read_text() for part in CLEAN_NIGHT)
        connection.execute(script.replace("RUN", found.run_id))
        yield found


@pytest.fixture
def red(night: Night) -> Callable[..., set[str]]:
    """Judge a gate and return which expectations failed; `stops` says whether it must raise."""

    def judge(gate: Gate, *, stops: bool) -> set[str]:
        assert (night.judge(gate) is not None) is stops
        return night.outcomes(gate, "failed")

    return judge
