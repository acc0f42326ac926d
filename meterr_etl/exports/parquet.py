"""Writes rows of a CSV COPY as Parquet, batch by batch, with exact decimals."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv, parquet

# What of a file is held at once, twice: as text, and as columns.
BATCH_BYTES = 8 * 1024 * 1024
# The first is the widest that every reader takes as a decimal: many read the other as a double.
DECIMALS = (pa.decimal128(38, 24), pa.decimal256(76, 38))
TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "timestamp with time zone": pa.timestamp("ms", tz="UTC"),
}


class TooNarrowError(Exception):
    """A number does not fit its type to the last digit."""


def write_parquet(
    rows: Iterable[bytes],
    columns: Mapping[str, str],
    file: BinaryIO,
    numeric: pa.DataType,
) -> None:
    """Write rows of CSV without a header as one Parquet file.

    Args:
        rows: one row each.
        columns: PostgreSQL's type of each column, in the rows' order.
        file: where it goes.
        numeric: the type of every numeric column, one of `DECIMALS`.

    Raises:
        TooNarrowError: a number does not fit `numeric` to the last digit.
    """
    fields = [(name, TYPES.get(type_, numeric)) for name, type_ in columns.items()]
    schema = pa.schema(fields)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_table(_table(batch, schema))


def _batches(rows: Iterable[bytes]) -> Iterator[bytes]:
    held = io.BytesIO()
    for row in rows:
        held.write(row)
        if held.tell() >= BATCH_BYTES:
            yield held.getvalue()
            held = io.BytesIO()
    if held.tell():
        yield held.getvalue()


def _table(batch: bytes, schema: pa.Schema) -> pa.Table:
    # pyarrow reads no 256-bit decimals from CSV, but makes them of text.
    read_as = {
        field.name: pa.string() if pa.types.is_decimal256(field.type) else field.type
        for field in schema
    }
    try:
        table = csv.read_csv(
            pa.BufferReader(batch),
            read_options=csv.ReadOptions(column_names=schema.names),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=read_as,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        return table.cast(schema)
    except pa.ArrowInvalid as error:
        raise TooNarrowError(str(error)) from error
