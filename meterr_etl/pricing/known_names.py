"""Judges a name that a reviewed file narrows by: whether events say it, or only the rate book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import LiteralString

from meterr_etl.errors import InputError
from meterr_etl.pricing.names import find_provider
from meterr_etl.reviewed_files import likely_names
from meterr_etl.warehouse.connection import Connection


@dataclass(frozen=True)
class Names:
    """The names of one kind, as `said` by events, which lines bear, and as `listed` for rates.

    Two names of one `meaning` that is not None are two spellings.
    """

    kind: str
    said: frozenset[str]
    listed: frozenset[str]
    meaning: Callable[[str], str | None]

    def doubt(self, name: str, named_by: str) -> str | None:
        """Return why a name meets nothing yet, for a person; None where events say it.

        What the rate book alone knows is a doubt: the first event of it may still come.

        Raises:
            InputError: neither knows it, or events spell it otherwise; the right one is named.
        """
        if name in self.said:
            return None
        problem = f"{named_by} names the {self.kind} '{name}', which"
        meaning = self.meaning(name)
        spelled = [one for one in sorted(self.said) if meaning and self.meaning(one) == meaning]
        if spelled:
            called = " or ".join(spelled)
            raise InputError(f"{problem} events call {called}.", remedy=f"Write {called}.")
        if name not in self.listed:
            raise InputError(f"{problem} no event and no rate knows.", remedy=self._advice(name))
        return (
            f"{problem} no event has said so far: until one does, it applies to nothing. "
            f"Events say {', '.join(sorted(self.said)) or 'none'}."
        )

    def _advice(self, name: str) -> str:
        known = sorted(self.said | self.listed)
        near = likely_names(name, known)
        if near:
            return f"Write {' or '.join(near)}."
        return f"Known are {', '.join(known) or 'none'}."


def provider_names(connection: Connection) -> Names:
    """Return the providers that events name, and those of the rate book and of aliases."""
    return Names(
        "provider",
        _names(connection, "select provider from staging.skus where accounting_role = 'leaf'"),
        _names(
            connection,
            "select provider_id from reference.rates"
            " union select provider from reference.model_aliases where retired_by is null",
        ),
        _meant_provider,
    )


def service_tier_names(connection: Connection) -> Names:
    """Return the service tiers that lines bear, `default` where a call has none, and of rates."""
    return Names(
        "service_tier",
        _names(
            connection,
            "select 'default' union"
            " select service_tier from staging.skus"
            " where accounting_role = 'leaf' and service_tier is not null",
        ),
        _names(connection, "select service_tier from reference.rates"),
        lambda name: name.strip().lower(),
    )


def _meant_provider(name: str) -> str | None:
    found = find_provider(name)
    return found.id if found else None


def _names(connection: Connection, query: LiteralString) -> frozenset[str]:
    return frozenset(str(row[0]) for row in connection.execute(query).fetchall())
