"""The groups of figures, in the order in which they are measured and shown.

A group is a module with `figures(bench, size) -> list[Figure]`; it makes the databases that it
needs with `bench`, and measures as much as `size` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from tests.benchmarks.datasets import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.sizes import Size


@dataclass(frozen=True)
class Group:
    """A module that measures; `is_quick` ones are part of `--quick`."""

    name: str
    is_quick: bool = False

    def measure(self, bench: Bench, size: Size) -> list[Figure]:
        """Return the group's figures; what it is about is its module's docstring."""
        module = import_module(f"tests.benchmarks.{self.name}")
        measured: Callable[[Bench, Size], list[Figure]] = module.figures
        return measured(bench, size)


GROUPS = (
    Group("move", is_quick=True),
    Group("night", is_quick=True),
    Group("storage", is_quick=True),
    Group("seen"),
    Group("pricing"),
    Group("growth"),
    Group("backfill"),
    Group("airflow"),
    Group("peers"),
    Group("queries"),
    Group("documented"),
)


def chosen(names: str | None, *, quick: bool) -> tuple[Group, ...]:
    """Return the groups of a comma-separated list, else all that belong to the size.

    Raises:
        ValueError: there is no such group.
    """
    if names is None:
        return tuple(group for group in GROUPS if group.is_quick or not quick)
    wanted = [name.strip() for name in names.split(",")]
    if unknown := set(wanted) - set(_names(GROUPS)):
        raise ValueError(
            f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(_names(GROUPS))}"
        )
    return tuple(group for group in GROUPS if group.name in wanted)


def _names(groups: Iterable[Group]) -> list[str]:
    return [group.name for group in groups]
