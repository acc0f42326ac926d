"""Writes a CSV of published events as Parquet, keeping its order: `CSV PARQUET TYPES-AS-JSON`."""

from __future__ import annotations

import json
import sys

import pyarrow as pa
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
# Texts that are the same for many rows; a dictionary of ids that are all different costs space.
UNIQUE = {"source_event_id"}


def main(csv: str, parquet: str, types: str) -> None:
    """Write the file with zstd, one row group per half a million rows."""
    columns = {name: ARROW_TYPES.get(kind, pa.string()) for name, kind in json.loads(types).items()}
    options = pyarrow.csv.ConvertOptions(
        column_types=columns, true_values=["t"], false_values=["f"], strings_can_be_null=True
    )
    table = pyarrow.csv.read_csv(csv, convert_options=options)
    pyarrow.parquet.write_table(
        table,
        parquet,
        compression="zstd",
        compression_level=9,
        row_group_size=500_000,
        use_dictionary=[name for name in table.column_names if name not in UNIQUE],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
