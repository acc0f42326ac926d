"""Gates: each measures a run's tables once in SQL and says whether the run may go on."""

from meterr_etl.gates.gate import run_gate
from meterr_etl.gates.verdicts import GateReport, Verdict

__all__ = ["GateReport", "Verdict", "run_gate"]
