"""Writes a CSV of published events as Parquet, keeping its order: `CSV PARQUET TYPES-AS-JSON`.

A prototype that chooses the layout: ids as 16 bytes, moments and counts as differences, money as
integers of the digits that it has, everything else by dictionary; zstd over all of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

ARROW_TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "numeric": pa.decimal128(38, 18),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
}
# Digits of the source's own estimate of a cost; a cast that would lose one fails.
MONEY = pa.decimal128(18, 9)
UNIQUE = "source_event_id"
ROW_GROUP = 500_000


def main(csv: str, parquet: str, types: str) -> None:
    """Write the file."""
    table = _read(csv, json.loads(types))
    encodings = {
        field.name: "DELTA_BINARY_PACKED"
        for field in table.schema
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type)
    }
    plain = {UNIQUE, *encodings}
    pyarrow.parquet.write_table(
        table,
        parquet,
        compression="zstd",
        compression_level=9,
        row_group_size=ROW_GROUP,
        store_decimal_as_integer=True,
        use_dictionary=[name for name in table.column_names if name not in plain],
        column_encoding=encodings,
    )


def _read(csv: str, types: Mapping[str, str]) -> Any:
    columns = {name: ARROW_TYPES.get(kind, pa.string()) for name, kind in types.items()}
    options = pyarrow.csv.ConvertOptions(
        column_types=columns, true_values=["t"], false_values=["f"], strings_can_be_null=True
    )
    # Tags are quoted JSON and may hold line ends.
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(csv, convert_options=options, parse_options=parsing)
    for name in table.column_names:
        column = table.column(name)
        if name == UNIQUE:
            ids = [bytes.fromhex(text.replace("-", "")) for text in column.to_pylist()]
            table = _with(table, name, pa.array(ids, pa.binary(16)))
        elif pa.types.is_timestamp(column.type) and _has_whole_milliseconds(column):
            table = _with(table, name, column.cast(pa.timestamp("ms", "UTC")))
        elif pa.types.is_decimal(column.type):
            table = _with(table, name, column.cast(MONEY))
    return table


def _has_whole_milliseconds(column: Any) -> bool:
    micros = column.cast(pa.int64())
    millis = pyarrow.compute.divide(micros, 1000)
    return bool(pyarrow.compute.all(pyarrow.compute.equal(
        pyarrow.compute.multiply(millis, 1000), micros
    )).as_py())  # fmt: skip


def _with(table: Any, name: str, column: Any) -> Any:
    return table.set_column(table.column_names.index(name), name, column)


if __name__ == "__main__":
    main(*sys.argv[1:])
