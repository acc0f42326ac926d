"""Names of the tables that one run owns until it publishes; each bears the run's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from psycopg import sql

Gate = Literal["landing", "staging", "marts", "months"]

# The constraint by which a table proves to be of one day, so that an attach need not read it.
DAY_CHECK = "is_of_day"


@dataclass(frozen=True)
class RunTables:
    """Qualified identifiers of one run's tables; safe to compose into SQL."""

    run_id: str
    source: str

    @property
    def landing(self) -> sql.Identifier:
        """Rows as they arrived."""
        return sql.Identifier("landing", f"{self.source}__{self.run_id}")

    @property
    def mapped(self) -> sql.Identifier:
        """View of the landing rows in canonical columns, one `_row` each."""
        return sql.Identifier("landing", f"{self.source}_mapped__{self.run_id}")

    def landing_entity(self, entity: str) -> sql.Identifier:
        """One of the source's own dimensions as this run saw it, every column text."""
        return sql.Identifier("landing", f"{self.source}_{entity}__{self.run_id}")

    @property
    def batch(self) -> sql.Identifier:
        """What the run staged, partitioned by event date."""
        return self._staging("batch")

    def batch_day(self, day: date) -> sql.Identifier:
        """The batch's rows of one of the window's own days; may become the day's partition."""
        return self._staging(f"batch_{day:%Y%m%d}")

    @property
    def batch_other(self) -> sql.Identifier:
        """The batch's rows of days outside the window."""
        return self._staging("batch_other")

    @property
    def superseded(self) -> sql.Identifier:
        """Keys of the published rows that the batch replaces."""
        return self._staging("superseded")

    @property
    def owners(self) -> sql.Identifier:
        """Owners that no published event names yet."""
        return self.members("owners")

    @property
    def skus(self) -> sql.Identifier:
        """Kinds of call that no published event names yet."""
        return self.members("skus")

    @property
    def tag_sets(self) -> sql.Identifier:
        """Tag sets that no published event bears yet."""
        return self.members("tag_sets")

    def members(self, kind: str) -> sql.Identifier:
        """Members of one kind that no published event names yet."""
        return self._staging(f"batch_{kind}")

    def groups(self, kind: str) -> sql.Identifier:
        """The landed rows grouped by the member of one kind that they name; gone after `stage`."""
        return self._staging(f"groups_{kind}")

    def measures(self, gate: Gate) -> sql.Identifier:
        """One row: what a gate measured."""
        return sql.Identifier("ops", f"measures_{gate}__{self.run_id}")

    @property
    def candidate(self) -> str:
        """Schema of the marts that dbt built for the affected days."""
        return f"candidate_{self.run_id}"

    def candidate_table(self, name: str) -> sql.Identifier:
        """One relation of the candidate."""
        return sql.Identifier(self.candidate, name)

    def moved_months(self, mart: str) -> sql.Identifier:
        """Keys of a mart of months that the run sums up anew, those included that vanish."""
        return sql.Identifier(self.candidate, f"{mart}__moved")

    def _staging(self, stem: str) -> sql.Identifier:
        return sql.Identifier("staging", f"{stem}__{self.run_id}")


def event_partition(day: date) -> sql.Identifier:
    """Return the partition of the published events of one day."""
    return sql.Identifier("staging", f"token_events_{day:%Y%m%d}")


def mart_table(name: str) -> sql.Identifier:
    """Return the published table of a mart."""
    return sql.Identifier("marts", name)
