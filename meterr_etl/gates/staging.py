"""The staging gate: is every row read accounted for, and is each staged event whole?"""

from __future__ import annotations

from decimal import Decimal

from psycopg import sql

from meterr_etl.contract.columns import canonical_columns
from meterr_etl.contract.leaves import TOKEN_TYPES
from meterr_etl.gates.expectation import MAX_HISTORY, MIN_HISTORY, Expectation
from meterr_etl.gates.landing import TOO_LITTLE_HISTORY
from meterr_etl.gates.measuring import Checkpoint, relation_columns
from meterr_etl.ledger.runs import Run
from meterr_etl.settings import SourceSettings, settings
from meterr_etl.warehouse.connection import Connection, warehouse

# Which member of an owner each of the source's dimensions would name.
ENTITY_FIELDS = {
    "organizations": "tenant_id",
    "projects": "project_id",
    "users": "user_id",
    "api_keys": "api_key_id",
}
# No request of any model comes near; a provider's bucket may, which a person should confirm.
PLAUSIBLE_QUANTITY = 100_000_000
MAX_REVISION_RATIO = 5
DEFECT = "This is a defect of the pipeline, not of the data: report it with the run's page."


def staging_checkpoint(run: Run) -> Checkpoint:
    """Return the staging gate of a run, its bounds taken from the source's settings."""
    tables = run.tables
    with warehouse("meterr_loader") as connection:
        known, entities = _known_members(connection, run)
        rows_read = _rows_read(connection, run)
    parts = {
        "run_id": sql.Literal(run.run_id),
        "source": sql.Literal(run.source),
        "window_start": sql.Literal(run.window.start),
        "window_end": sql.Literal(run.window.end),
        "rows_read": sql.Literal(rows_read),
        "batch": tables.batch,
        "superseded": tables.superseded,
        "batch_owners": tables.owners,
        "batch_skus": tables.skus,
        "known_members": known,
        "entities": sql.Literal(entities),
        "token_types": sql.Literal(list(TOKEN_TYPES)),
        "columns": canonical_columns("b"),
        "min_history": sql.Literal(MIN_HISTORY),
        "max_history": sql.Literal(MAX_HISTORY),
    }
    dead = _dead_letters(settings().for_source(run.source), rows_read)
    expectations = (*_conservation(), *_events(), *_members(), *dead, _revisions())
    return Checkpoint("staging", run, "meterr_loader", parts, expectations, ("cells", "unknown"))


def _rows_read(connection: Connection, run: Run) -> int:
    row = connection.execute(
        "select metrics -> 'rows_read' from ops.run_steps where run_id = %s and step = 'extract'"
        " and status = 'succeeded' order by attempt desc limit 1",
        (run.run_id,),
    ).fetchone()
    return int(str(row[0])) if row and row[0] is not None else -1


def _known_members(connection: Connection, run: Run) -> tuple[sql.Composable, list[str]]:
    """Return a query of all members the source's dimensions name, and the dimensions there are."""
    queries = []
    entities = []
    for entity in ENTITY_FIELDS:
        landed = run.tables.landing_entity(entity)
        if "id" in relation_columns(connection, landed):
            entities.append(entity)
            queries.append(
                sql.SQL("select {}::text as entity, l.id::text as entity_id from {} as l").format(
                    sql.Literal(entity), landed
                )
            )
    recorded = sql.SQL(
        "select d.entity, d.entity_id from reference.source_dimensions as d where d.source = {}"
    ).format(sql.Literal(run.source))
    return sql.SQL(" union all ").join([recorded, *queries]), entities


def _conservation() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "verdicts_add_up_to_rows_read",
            "error",
            "verdicts_off",
            "the verdicts add up to {verdict_rows:,} of {rows_read:,} rows read",
            "one verdict for every row read",
            DEFECT,
            maximum=0,
        ),
        Expectation(
            "batch_holds_new_and_revised",
            "error",
            "batch_off",
            "the batch holds {batch_rows:,} rows for {staged_verdicts:,} judged new or revised",
            "exactly the rows judged new or revised",
            DEFECT,
            maximum=0,
        ),
        Expectation(
            "dead_letters_kept",
            "error",
            "dead_letters_off",
            "{dead_letters:,} dead letters are kept for {dead_verdicts:,} rows judged dead",
            "exactly one dead letter for each",
            DEFECT,
            maximum=0,
        ),
        Expectation(
            "revisions_replace_published",
            "error",
            "superseded_off",
            "{superseded_rows:,} published events are replaced by {revision_verdicts:,} revisions",
            "exactly one published event for each revision",
            DEFECT,
            maximum=0,
        ),
    )


def _events() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "events_unique",
            "error",
            "repeated_ids",
            "{repeated_ids:,} rows of the batch bear an id that stands there already",
            "each id of the source once",
            DEFECT,
            maximum=0,
            sample="sample_repeated_ids",
        ),
        Expectation(
            "no_negative_quantity",
            "error",
            "negative_rows",
            "{negative_rows:,} events hold a negative quantity",
            "none; such a row is a dead letter",
            DEFECT,
            maximum=0,
            sample="sample_negative_quantity",
        ),
        Expectation(
            "quantities_plausible",
            "warning",
            "largest_quantity",
            "the largest quantity of one event is {largest_quantity:,}",
            f"at most {PLAUSIBLE_QUANTITY:,}",
            "Ask the source's owner whether that event is one call, or counts in another unit.",
            maximum=PLAUSIBLE_QUANTITY,
            sample="sample_largest_quantity",
        ),
        Expectation(
            "event_date_is_utc_date",
            "error",
            "misdated_rows",
            "{misdated_rows:,} events bear another date than the UTC date of their time",
            "none",
            DEFECT,
            maximum=0,
            sample="sample_misdated",
        ),
    )


def _members() -> tuple[Expectation, ...]:
    return (
        Expectation(
            "owners_resolvable",
            "error",
            "unresolvable_owners",
            "{unresolvable_owners:,} owner keys of the batch stand for no owner",
            "every owner staged with the batch or published before",
            DEFECT,
            maximum=0,
            sample="sample_unresolvable_owners",
        ),
        Expectation(
            "skus_resolvable",
            "error",
            "unresolvable_skus",
            "{unresolvable_skus:,} SKU keys of the batch stand for no kind of call",
            "every kind of call staged with the batch or published before",
            DEFECT,
            maximum=0,
            sample="sample_unresolvable_skus",
        ),
        Expectation(
            "owners_known_to_dimensions",
            "warning",
            "unknown_owners",
            "{unknown_owners:,} ids are in no dimension of the source: {unknown_owner_names}",
            "every organization, project, user and key that an event names",
            "Their events are published under the bare id and named once the dimension arrives.",
            maximum=0,
            unjudged="the source lands no dimensions",
            evidence="unknown_owner_rows",
        ),
    )


def _dead_letters(chosen: SourceSettings, rows_read: int) -> tuple[Expectation, ...]:
    allowed = max(
        Decimal(chosen.dead_letters_max_rows), chosen.dead_letters_max_share * max(rows_read, 0)
    )
    seen = "{dead_letters:,} of {rows_read:,} rows are dead letters: {dead_letter_reasons}"
    return (
        Expectation(
            "dead_letters_few",
            "error",
            "first_dead_letters",
            seen,
            f"at most {chosen.dead_letters_max_rows:,} rows or "
            f"{chosen.dead_letters_max_share:.2%} of those read",
            "List them with `meterr quarantine list`; mend them at the source or in its mapping.",
            maximum=int(allowed),
            sample="sample_dead_letters",
        ),
        Expectation(
            "no_dead_letters",
            "warning",
            "dead_letters",
            seen,
            "none",
            "They are not billed to anyone; `meterr quarantine list` shows each with its reasons.",
            maximum=0,
            sample="sample_dead_letters",
        ),
    )


def _revisions() -> Expectation:
    return Expectation(
        "revisions_as_usual",
        "warning",
        "revision_ratio",
        "{revision_share:.2%} of the rows revise a published event, usually {usual_share:.2%}",
        f"at most {MAX_REVISION_RATIO} times the usual share, or of 1 % where that is less",
        "Ask the source's owner whether a correction or a replay was intended.",
        maximum=MAX_REVISION_RATIO,
        unjudged=TOO_LITTLE_HISTORY,
    )
