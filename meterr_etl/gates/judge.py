"""Judges a gate's table of measures with Great Expectations: the one file that imports it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import Any

from meterr_etl.gates.expectation import Bound, Expectation
from meterr_etl.warehouse.connection import sqlalchemy_url

SEVERITIES = {"error": "critical", "warning": "warning"}


def judge(schema: str, table: str, expectations: Sequence[Expectation]) -> dict[str, bool]:
    """Run one checkpoint over a one-row table; return per expectation whether it was met.

    A measure that is null, or that the table lacks, does not meet its expectation.
    """
    if not expectations:
        return {}
    gx = _great_expectations()
    context = _context(gx)
    source = _warehouse(context, schema)
    try:
        asset = source.add_table_asset("measures", table_name=table)
        outcome = _run_checkpoint(gx, context, asset, expectations)
    finally:
        # A lingering session would hold the run's table against its own cleanup.
        source.get_engine().dispose()
    return outcome


def _context(gx: Any) -> Any:
    # Without data docs: by default each context leaves a temporary folder behind.
    defaults = gx.data_context.types.base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = gx.data_context.types.base.DataContextConfig(
        store_backend_defaults=defaults, progress_bars={"globally": False}
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _warehouse(context: Any, schema: str) -> Any:
    url = sqlalchemy_url("meterr_loader")
    # A schema beside the table's name is deprecated; the session's path says it instead.
    options = f"{url.query['options']} -c search_path={schema}"
    told = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    with warnings.catch_warnings():
        # It would rather have its PostgreSQL kind, but that refuses a server behind a socket.
        warnings.filterwarnings("ignore", message="You are using a generic SQLDatasource")
        return context.data_sources.add_sql("warehouse", connection_string=told)


def _run_checkpoint(
    gx: Any, context: Any, asset: Any, expectations: Sequence[Expectation]
) -> dict[str, bool]:
    suite = gx.ExpectationSuite(
        name="gate", expectations=[_translated(gx, expectation) for expectation in expectations]
    )
    definition = gx.ValidationDefinition(
        name="measures",
        data=asset.add_batch_definition_whole_table("all"),
        suite=context.suites.add(suite),
    )
    checkpoint = gx.Checkpoint(
        name="gate",
        validation_definitions=[context.validation_definitions.add(definition)],
        result_format="BOOLEAN_ONLY",
    )
    (judged,) = context.checkpoints.add(checkpoint).run().run_results.values()
    return {
        result.expectation_config.meta["name"]: bool(result.success) for result in judged.results
    }


def _translated(gx: Any, expectation: Expectation) -> Any:
    # The maximum of one row is the row; unlike a check of values, it does not pass over a null.
    return gx.expectations.ExpectColumnMaxToBeBetween(
        column=expectation.measure,
        min_value=_as_double(expectation.minimum),
        max_value=_as_double(expectation.maximum),
        severity=SEVERITIES[expectation.severity],
        meta={"name": expectation.name},
    )


def _as_double(bound: Bound | None) -> float | int | None:
    # Shares are measured as double precision, so both sides round to the same nearest double;
    # what must be exact is compared in SQL and measured as a count.
    return bound if bound is None or isinstance(bound, int) else float(bound)


def _great_expectations() -> Any:
    with warnings.catch_warnings():
        # Its import uses modules that Python deprecates, which is not ours to mend.
        warnings.simplefilter("ignore")
        import great_expectations as gx  # noqa: PLC0415
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    return gx
