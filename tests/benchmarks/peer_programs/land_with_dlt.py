"""Lands tables of a Postgres in a schema of another with dlt: `SOURCE TARGET SCHEMA WAY TABLES`.

WAY is `default`, what dlt does unless told otherwise, or `connectorx`, the fastest way that its
documentation names for a SQL database: ConnectorX reads, CSV files are loaded by COPY.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import dlt
from dlt.destinations import postgres
from dlt.sources.sql_database import sql_database

WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "default": ({}, {}),
    "connectorx": (
        {"backend": "connectorx", "backend_kwargs": {"return_type": "arrow_stream"}},
        {"loader_file_format": "csv"},
    ),
}


def main(source: str, target: str, schema: str, way: str, tables: str) -> None:
    """Land the tables; dlt's own columns and tables come with them."""
    reading, loading = WAYS[way]
    with tempfile.TemporaryDirectory(prefix="bench-dlt-") as folder:
        pipeline = dlt.pipeline(
            f"bench_{way}",
            destination=postgres(credentials=target),
            dataset_name=schema,
            pipelines_dir=folder,
        )
        data = sql_database(source, schema="public", table_names=tables.split(","), **reading)
        print(pipeline.run(data, write_disposition="append", **loading))


if __name__ == "__main__":
    main(*sys.argv[1:])
