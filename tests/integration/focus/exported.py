"""One exported period as the rules see it: types as Parquet has them, values as CSV writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

Row = dict[str, str | None]


@dataclass(frozen=True)
class Exported:
    """Columns in their order with their kind, and rows of text; null is None."""

    kinds: dict[str, str]
    rows: tuple[Row, ...]

    def of_kind(self, kind: str, *, own: bool = False) -> list[str]:
        """The columns of a kind that FOCUS defines, or those of our own."""
        return [n for n, k in self.kinds.items() if k == kind and n.startswith("x_") == own]

    def values(self, columns: list[str]) -> Iterator[str]:
        """Every value of some columns that is not null."""
        for row in self.rows:
            for column in columns:
                if (value := row[column]) is not None:
                    yield value


def read(csv_file: Path, parquet_file: Path) -> Exported:
    """Read both files of one period."""
    kinds = {field.name: _kind(field.type) for field in parquet.read_schema(parquet_file)}
    return Exported(kinds, tuple(csv_rows(csv_file)))


def csv_rows(file: Path) -> list[Row]:
    """The rows of a CSV of PostgreSQL's, where null is what bears no quotes."""
    names = file.read_text(encoding="utf-8").partition("\n")[0].split(",")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return csv.read_csv(file, convert_options=options).to_pylist()


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_decimal(type_):
        return "Decimal"
    if pa.types.is_timestamp(type_):
        return "DateTime"
    return "String" if pa.types.is_string(type_) else str(type_)
