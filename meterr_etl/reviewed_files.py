"""Reads files that people write and review: YAML into a model, each fault with its line and fix."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meterr_etl.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
LEAST_LIKENESS = 0.7


class TenantFile(BaseModel):
    """What one file says of one tenant; its next version replaces it as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: str = Field(min_length=1)

    @abstractmethod
    def first_changed_day(self, former: Self | None) -> date:
        """Return the first day on which it says something else than the former file did."""


class Fault(NamedTuple):
    """Where in the file, what is wrong there, and what to do."""

    place: tuple[str | int, ...]
    problem: str
    fix: str


def read_reviewed(
    path: Path, model: type[Model], *, what: str, faults: Callable[[Model], Iterable[Fault]]
) -> Model:
    """Return the content of a YAML file.

    Args:
        path: the file.
        model: what it may say.
        what: what it holds, in words, for errors.
        faults: finds what is wrong between parts that are well formed.

    Raises:
        InputError: it can't be read, or it is wrong; every fault is named with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        # As text alone: an amount never becomes a float, nor an id a number.
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} can't be read as YAML: {' '.join(str(error).split())}",
            remedy="Mend the file; ARCHITECTURE.md shows one.",
        ) from error
    try:
        found = model.model_validate(content)
    except ValidationError as error:
        wrong = [
            Fault(fault["loc"], f"{_path(fault['loc'])}: {fault['msg']}.", "")
            for fault in error.errors(include_input=False, include_url=False)
        ]
    else:
        wrong = list(faults(found))
        if not wrong:
            return found
    raise InputError(
        f"{path} holds no usable {what}: {'; '.join(_said(node, one) for one in wrong)}",
        remedy="Mend these lines; nothing was changed.",
    )


def _said(node: yaml.Node | None, fault: Fault) -> str:
    return f"line {_line(node, fault.place)}: {fault.problem} {fault.fix}".strip()


def _line(node: yaml.Node | None, place: Sequence[str | int]) -> int:
    """Return the line of the innermost part of a place that the file has."""
    line = node.start_mark.line if node else 0
    for part in place:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part] if part < len(node.value) else None
        if child is None:
            break
        node, line = child, child.start_mark.line
    return line + 1


def _path(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) or "the file"


def likely_names(name: str, known: Iterable[str]) -> list[str]:
    """Return which of the known names a slip of the pen may have meant, the likeliest first."""
    names = sorted(known)
    same = [one for one in names if one.lower() == name.lower()]
    return same or get_close_matches(name, names, n=3, cutoff=LEAST_LIKENESS)
