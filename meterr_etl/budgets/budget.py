"""What a file of budgets may say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from meterr_etl.errors import InputError
from meterr_etl.reviewed_files import Fault, read_reviewed
from meterr_etl.window import parse_month

Scope = Literal["tenant", "cost_center", "team", "project"]


def _month(value: object) -> object:
    try:
        return parse_month(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from error


# The first day of a month, written YYYY-MM.
Month = Annotated[date, BeforeValidator(_month)]


class Budget(BaseModel):
    """The most that one scope may cost in each month from the first to the last, both included.

    `warn_at_share` is the share of the amount from which it counts as at risk.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    scope: Scope
    scope_id: str | None = Field(None, min_length=1)
    first_month: Month
    last_month: Month | None = None
    amount: Decimal = Field(gt=0)
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    warn_at_share: Decimal = Field(Decimal("0.8"), gt=0, le=1)

    @model_validator(mode="after")
    def _says_whose(self) -> Budget:
        if (self.scope == "tenant") == (self.scope_id is not None):
            raise ValueError("scope_id names the cost center, team or project, and no tenant")
        if self.last_month and self.last_month < self.first_month:
            raise ValueError("last_month must not be before first_month")
        return self


class TenantBudgets(BaseModel):
    """All budgets of one tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: str = Field(min_length=1)
    budgets: tuple[Budget, ...]


def read_budgets(path: Path) -> TenantBudgets:
    """Return the budgets of a YAML file.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    return read_reviewed(path, TenantBudgets, what="budgets", faults=_faults)


def _faults(found: TenantBudgets) -> Iterator[Fault]:
    names = [budget.name for budget in found.budgets]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield Fault(("budgets", place), f"A budget '{name}' stands above.", "Rename one.")
