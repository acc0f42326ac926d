"""What the dbt project promises of each published mart: the only definition of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meterr_etl.errors import InputError

REMEDY = "Mend the model's yml in dbt_project/models."
# What is published, as (tag, folder of dbt_project/models).
KINDS = (("candidate", "marts"), ("monthly", "monthly"))


@dataclass(frozen=True)
class MartColumn:
    """One column as its contract has it; `data_type` is the yml's own word."""

    name: str
    data_type: str
    description: str
    is_required: bool


@dataclass(frozen=True)
class MartContract:
    """One mart: columns in their order, and what `meta.published` says of its table.

    `tenant_column` is the column that decides who may read a row; a mart without one is open to
    every reader. `query` makes the mart of published ones, those that `made_of` names; it is None
    where a mart is made of what only a run's candidate holds. A mart of months is made of one
    daily mart, and `derivation` is its query with `{daily}` in that mart's place. An index column
    after a minus is sorted from the greatest to the least, nulls last.
    """

    name: str
    description: str
    columns: tuple[MartColumn, ...]
    date_column: str
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...]
    tenant_column: str | None
    partition_by_day: bool
    made_of: tuple[str, ...] = ()
    query: str | None = None
    derivation: str | None = None

    @property
    def daily_mart(self) -> str | None:
        """The daily mart that a mart of months sums up."""
        return self.made_of[0] if self.derivation else None

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def is_key_nullable(self) -> bool:
        """Whether a column of the key may be null, which no primary key allows."""
        required = {column.name for column in self.columns if column.is_required}
        return not required.issuperset(self.key)


def read_contracts(manifest: Any, queries: Mapping[str, str]) -> tuple[MartContract, ...]:
    """Return the contract of every mart that the project publishes, sorted by name.

    A published mart is a model under models/marts, tagged `candidate`, or under models/monthly,
    tagged `monthly`, with its contract enforced. `queries` are the compiled models by name.

    Raises:
        InputError: a mart lacks `meta.published`, or it names a column that does not exist, or a
            mart of months can't be derived.
    """
    marts = {
        node.name: node
        for node in manifest.nodes.values()
        if node.resource_type.value == "model"
        and any(tag in node.tags and place in node.fqn[1:-1] for tag, place in KINDS)
        and node.config.contract.enforced
    }
    contracts = {name: _read_contract(node) for name, node in marts.items()}
    for name, node in marts.items():
        parents = [manifest.nodes.get(parent) for parent in node.depends_on.nodes]
        if parents and all(parent and parent.name in marts for parent in parents):
            contracts[name] = _with_query(contracts, node, parents, queries[name])
    return tuple(contracts[name] for name in sorted(contracts))


def _with_query(
    contracts: Mapping[str, MartContract], node: Any, parents: list[Any], query: str
) -> MartContract:
    mart = replace(
        contracts[node.name], made_of=tuple(parent.name for parent in parents), query=query
    )
    if "monthly" not in node.tags:
        return mart
    (parent,) = parents
    _require_months_stand_for_days(mart, contracts[parent.name])
    pieces = [
        piece.replace("{", "{{").replace("}", "}}") for piece in query.split(parent.relation_name)
    ]
    return replace(mart, derivation="{daily}".join(pieces))


def _require_months_stand_for_days(mart: MartContract, daily: MartContract) -> None:
    # A night adds its day to the month as it stands, so a month's row must read as a day's.
    wanted = {*daily.column_names, "last_charge_date"} - {daily.date_column}
    lacking = sorted(wanted.difference(mart.column_names))
    if lacking or mart.is_key_nullable:
        why = f"lacks: {', '.join(lacking)}" if lacking else "allows null in its key"
        raise InputError(f"The mart {mart.name} sums up {daily.name} but {why}.", remedy=REMEDY)


def _read_contract(node: Any) -> MartContract:
    published = node.config.meta.get("published")
    if not isinstance(published, dict) or "date_column" not in published:
        raise InputError(
            f"The mart {node.name} does not say how it is published: config.meta.published"
            " needs at least date_column and key.",
            remedy=REMEDY,
        )
    contract = MartContract(
        name=str(node.name),
        description=_text(node.description),
        columns=tuple(_read_column(column) for column in node.columns.values()),
        date_column=str(published["date_column"]),
        key=tuple(published.get("key") or ()),
        indexes=tuple(_read_index(index) for index in published.get("indexes") or ()),
        tenant_column=published.get("tenant_column"),
        partition_by_day=bool(published.get("partition_by_day")),
    )
    _require_known_columns(contract)
    _require_guarded_tenants(contract)
    return contract


def _read_column(column: Any) -> MartColumn:
    kinds = {constraint.type.value for constraint in column.constraints}
    return MartColumn(
        name=str(column.name),
        data_type=str(column.data_type),
        description=_text(column.description),
        is_required=bool(kinds & {"not_null", "primary_key"}),
    )


def _read_index(index: object) -> tuple[str, ...]:
    return (index,) if isinstance(index, str) else tuple(index)  # type: ignore[arg-type]


def _require_known_columns(contract: MartContract) -> None:
    named = {
        contract.date_column,
        *contract.key,
        *(column.removeprefix("-") for index in contract.indexes for column in index),
        *([contract.tenant_column] if contract.tenant_column else []),
    }
    unknown = sorted(named.difference(contract.column_names))
    if unknown:
        raise InputError(
            f"The mart {contract.name} names columns in meta.published that its contract"
            f" does not have: {', '.join(unknown)}.",
            remedy=REMEDY,
        )


def _require_guarded_tenants(contract: MartContract) -> None:
    # Forgotten in the yml, it would show every tenant's rows to every reader.
    if "tenant_id" in contract.column_names and not contract.tenant_column:
        raise InputError(
            f"The mart {contract.name} holds tenant_id but names no tenant_column in"
            " meta.published, so that every reader would see every tenant.",
            remedy=REMEDY,
        )


def _text(description: object) -> str:
    return " ".join(str(description or "").split())
