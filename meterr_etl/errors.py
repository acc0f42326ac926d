"""Every error that meterr raises, grouped by what the caller does next.

MeterrError
  InputError           the person mends what they typed or configured; never retried
    SettingsError
    SourceMismatchError
  UnavailableError     something outside did not answer; trying again may help
    WarehouseUnavailableError
    SourceUnavailableError
  GateFailedError      a person looks at the data; a retry of the same rows fails again
  BusyError            another process holds what is needed; wait or stop it
  ConflictError        the ledger or the warehouse is not in the state this step needs
  InvariantError       a promise of the design was about to break; nothing was published
  TamperedError        what was certified is not what stands; a person restores it
"""

from __future__ import annotations


class MeterrError(Exception):
    """Anything meterr says to a person: what was wrong, where, and what to do next.

    Args:
        problem: one sentence on what was wrong and where.
        remedy: one sentence on what to do next.
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class InputError(MeterrError):
    """What a person typed or configured can't be used; nothing was done."""

    exit_code = 2


class SettingsError(InputError):
    """A setting is missing or malformed."""


class SourceMismatchError(InputError):
    """The source's tables or columns do not fit its mapping file."""


class UnavailableError(MeterrError):
    """Something outside did not answer; the same call may succeed later."""

    exit_code = 3


class WarehouseUnavailableError(UnavailableError):
    """The warehouse refused or lost the connection."""


class SourceUnavailableError(UnavailableError):
    """The source refused or lost the connection, or ran into its statement timeout."""


class GateFailedError(MeterrError):
    """A gate judged that the run may not go on; nothing of it was published."""

    exit_code = 4


class BusyError(MeterrError):
    """Another process holds a port, a lock or the demo."""

    exit_code = 5


class ConflictError(MeterrError):
    """The ledger or the warehouse is not in the state that this step builds on."""

    exit_code = 6


class InvariantError(MeterrError):
    """A promise of the design was about to break; the transaction was rolled back."""

    exit_code = 7


class TamperedError(MeterrError):
    """What was certified, or published, was changed by other means."""

    exit_code = 9
