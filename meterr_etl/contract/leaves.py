"""The disjoint leaves of usage, and how two of them follow from the totals that sources report.

A total overlaps its parts (cached tokens inside input, reasoning inside output), so what remains
of it is a subtraction. A part that is missing counts as 0; a missing total leaves the leaf
missing; a negative leaf says that the counters contradict each other, and is never clamped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import Composable

BASIS = "usage_basis"
INCLUSIVE, EXCLUSIVE = "inclusive", "exclusive"


@dataclass(frozen=True)
class Leaf:
    """One billable token type and the staging column that holds its quantity.

    A leaf without a total is a counter of its own; `parts` are what its total contains, by basis.
    """

    token_type: str
    column: str
    total: str | None = None
    inclusive_parts: tuple[str, ...] = ()
    exclusive_parts: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields that the subtraction reads."""
        if self.total is None:
            return ()
        parts = (*self.inclusive_parts, *self.exclusive_parts)
        return (BASIS, self.total, *dict.fromkeys(parts))

    @property
    def wording(self) -> str:
        """The rule in words, for the data dictionary."""
        inclusive = " - ".join((str(self.total), *self.inclusive_parts))
        exclusive = " - ".join((str(self.total), *self.exclusive_parts))
        if inclusive == exclusive:
            return f"{inclusive}; never negative"
        return f"inclusive: {inclusive}; exclusive: {exclusive}; never negative"

    def rest_of(self, read: Mapping[str, object]) -> int | None:
        """Return what the parts leave of the total, None where there is no total."""
        total = read[str(self.total)]
        parts = self.inclusive_parts if read[BASIS] == INCLUSIVE else self.exclusive_parts
        if not isinstance(total, int):
            return None
        return total - sum(part for name in parts if isinstance(part := read[name], int))

    def sql_rest(self, values: Mapping[str, Composable]) -> Composable:
        """Return the same in SQL; only where every part is in range can it not overflow."""
        if self.total is None:
            return values[self.column]
        inclusive = _minus(values[self.total], [values[part] for part in self.inclusive_parts])
        exclusive = _minus(values[self.total], [values[part] for part in self.exclusive_parts])
        if self.inclusive_parts == self.exclusive_parts:
            return inclusive
        return sql.SQL("(case {} when {} then {} else {} end)").format(
            values[BASIS], sql.Literal(INCLUSIVE), inclusive, exclusive
        )


def _minus(total: Composable, parts: list[Composable]) -> Composable:
    terms = [sql.SQL("coalesce({}, 0)").format(part) for part in parts]
    return sql.SQL("({})").format(sql.SQL(" - ").join([total, *terms]))


UNCACHED_INPUT = Leaf(
    "uncached_input",
    "uncached_input_tokens",
    "input_tokens",
    inclusive_parts=(
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "input_audio_tokens",
    ),
    # Anthropic's input leaves out what the cache read or wrote, yet contains audio (DESIGN §14).
    exclusive_parts=("input_audio_tokens",),
)
OUTPUT = Leaf(
    "output",
    "output_tokens",
    "output_tokens",
    inclusive_parts=("reasoning_tokens", "output_audio_tokens"),
    exclusive_parts=("reasoning_tokens", "output_audio_tokens"),
)
REQUEST = Leaf("request", "request_count")
LEAVES = (
    UNCACHED_INPUT,
    Leaf("cache_read", "cache_read_tokens"),
    Leaf("cache_write", "cache_write_tokens"),
    Leaf("cache_write_5m", "cache_write_5m_tokens"),
    Leaf("cache_write_1h", "cache_write_1h_tokens"),
    Leaf("input_audio", "input_audio_tokens"),
    OUTPUT,
    Leaf("reasoning", "reasoning_tokens"),
    Leaf("output_audio", "output_audio_tokens"),
    Leaf("web_search", "web_search_requests"),
    REQUEST,
)
TOKEN_TYPES = tuple(leaf.token_type for leaf in LEAVES)
