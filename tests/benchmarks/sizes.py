"""How much each group measures: at full size, quickly, or at a trial's size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

TRIAL_BACKFILL_DAYS = 4
TRIAL_RERATED_DAYS = 3
RESULTS_FOLDER = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Size:
    """Counts of events, days and rounds; results are kept under `name`."""

    name: str
    events: int
    rounds: int
    large_events: int | None = None
    large_rounds: int = 1
    history_days: tuple[int, ...] = (1, 30)
    history_events_per_day: int = 2_000
    late_days: tuple[int, ...] = ()
    backfill_days: int = 30
    backfill_events_per_day: int = 100_000
    rerated_days: int = 30
    peer_events: int = 300_000
    query_events: int = 30_000_000

    @property
    def results(self) -> Path:
        """The file that keeps this size's figures."""
        return RESULTS_FOLDER / f"{self.name}.json"

    def scaled_to(self, events: int) -> Size:
        """Return a trial of this size: every count of events shrinks alike, and there are few days.

        It shows whether everything works; its name keeps it from being taken for a measurement.
        """

        def scaled(count: int) -> int:
            return max(100, count * events // self.events)

        return replace(
            self,
            name="trial",
            events=events,
            large_events=scaled(self.large_events) if self.large_events else None,
            rounds=1,
            history_days=self.history_days[:2],
            late_days=self.late_days[:2],
            backfill_days=TRIAL_BACKFILL_DAYS,
            rerated_days=TRIAL_RERATED_DAYS,
            history_events_per_day=scaled(self.history_events_per_day),
            backfill_events_per_day=scaled(self.backfill_events_per_day),
            peer_events=scaled(self.peer_events),
            query_events=scaled(self.query_events),
        )


FULL = Size(
    "full",
    events=1_000_000,
    rounds=3,
    large_events=4_000_000,
    history_days=(1, 30, 90, 365),
    late_days=(1, 7, 30),
)
QUICK = Size("quick", events=300_000, rounds=1, peer_events=100_000, query_events=1_000_000)
