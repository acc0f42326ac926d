"""Say in the database what each table holds, and what each column of the reference data means."""

from alembic import op

revision = "0018"
down_revision = "0017"

TABLES = {
    "ops.runs": "One row per run: its window, its state, and what it was based on.",
    "ops.run_days": "One row per run and day that it changes: which version it was based on, why.",
    "ops.run_steps": "One row per step and attempt of a run: state, duration, metrics, error.",
    "ops.run_verdicts": "How many of the rows that a run read got which verdict; they add up.",
    "ops.gate_verdicts": "What each expectation of each gate of a run saw, expected and said.",
    "ops.gate_waivers": "Gates that a person let pass for one run, and why.",
    "ops.publications": "One row per publish, numbered in the order in which readers saw them.",
    "ops.published_days": "One row per day that readers see: its version and what it is based on.",
    "ops.published_marts": "How each mart is published: its key, its days, its derivation.",
    "ops.windows": "One row per source and window that was published: what it read.",
    "ops.swept_days": "What the last comparison of a day with its source found.",
    "ops.unresolved_owners": "Owners that events name and no dimension knows, per day.",
    "ops.reader_tenants": "Which login may read which tenants; * stands for all.",
    "ops.billed_days": "One row per closed month and day: what of it was billed.",
    "ops.closed_periods": "One row per closed billing period: its certificate, never rewritten.",
    "ops.proposed_contracts": "Contract terms that a what-if tries in place of those in force.",
    "ops.proposed_rules": "Allocation rules that a what-if tries in place of those in force.",
    "reference.changes": "One row per change of reference data; its number is the version.",
    "reference.rates": "One row per price of one unit under its conditions; append-only.",
    "reference.region_uplifts": "By what a region multiplies the prices of a model.",
    "reference.model_aliases": "Which catalogue model a name stands for that no rule resolves.",
    "reference.contracts": "All contract terms of one tenant, as one file said them.",
    "reference.exchange_rates": "What one unit of a currency is worth in another, from a day on.",
    "reference.allocation_rules": "All pools and rules of one tenant, as one file said them.",
    "reference.budgets": "One row per budget of a tenant, cost center, team or project.",
    "reference.source_dimensions": "Who is who in a source, each change with its moment.",
    "staging.token_events": "One row per event of published days; quantities, no text, no cost.",
    "staging.token_event_revisions": "What events were before they were revised or taken back.",
    "staging.canonical_events": "The events with their quantities under the contract's names.",
    "staging.published_events": "The events with owner, kind of call and tags written out.",
    "staging.owners": "One row per combination of owners that an event names.",
    "staging.skus": "One row per kind of call: provider, model, tier, mode, region, status.",
    "staging.tag_sets": "One row per set of tags that an event bears.",
    "staging.sources": "One row per source, numbered.",
    "staging.dead_letters": "One row per refused row: all reasons, and the row as it was read.",
    "staging.marked_ids": "Ids of published rows that their source marks as revised, per publish.",
}
VERSIONED = {
    "reference_version": "The reference version from which on this row is known.",
    "retired_by": "The reference version that replaced this row; null while it holds.",
}
COLUMNS = {
    "reference.changes": {
        "reference_version": "The number; a published day records by which it was priced.",
        "kind": "What was changed, such as rates, alias, contract, rules.",
        "detail": "What the command said of the change.",
        "changed_at": "When it was recorded.",
    },
    "reference.rates": VERSIONED | {
        "rate_id": "Digest of the row's content; price lines and FOCUS name it.",
        "catalogue": "Where the price comes from.",
        "catalogue_version": "Which version of the catalogue brought it.",
        "provider_id": "The catalogue's id of the provider.",
        "model_id": "The catalogue's id of the model.",
        "token_type": "What is priced: a kind of token, a tool call or a request.",
        "processing_mode": "sync or batch.",
        "service_tier": "The tier that was served, default where there is none.",
        "context_above_tokens": "Holds for requests with more input tokens than this.",
        "valid_from": "First UTC day on which it holds.",
        "valid_to": "First UTC day on which it holds no more; null while no end is known.",
        "unit_price": "Price of one single unit.",
        "currency": "Currency of the price.",
        "time_of_day_from": "UTC time of day from which it holds, until the next of its kind.",
    },
    "reference.region_uplifts": VERSIONED | {
        "uplift_id": "Number of the row.",
        "provider_id": "The catalogue's id of the provider.",
        "model_id": "The catalogue's id of the model.",
        "region": "The region as events name it.",
        "multiplier": "What unit prices are multiplied by.",
    },
    "reference.model_aliases": VERSIONED | {
        "alias_id": "Number of the row.",
        "provider": "The provider as events name it.",
        "model": "The model as events name it.",
        "provider_id": "The catalogue's id of the provider that is meant.",
        "model_id": "The catalogue's id of the model that is meant.",
        "reason": "Why, in the words of who entered it.",
    },
    "reference.contracts": VERSIONED | {
        "contract_id": "Number of the row.",
        "tenant_id": "The tenant, as in the source.",
        "terms": "Currencies and terms; the first term that a price line fits prices it.",
        "changed_from": "First day on which they price otherwise than the terms before.",
    },
    "reference.exchange_rates": VERSIONED | {
        "exchange_rate_id": "Number of the row.",
        "from_currency": "The currency whose single unit is valued.",
        "to_currency": "The currency that it is valued in.",
        "valid_from": "First day; it holds until the next of the pair, at most 31 days.",
        "rate": "Units of to_currency for one of from_currency.",
    },
    "reference.allocation_rules": VERSIONED | {
        "allocation_id": "Number of the row.",
        "tenant_id": "The tenant, as in the source.",
        "rules": "Pools and dated rules.",
        "changed_from": "First day on which they distribute otherwise than the rules before.",
    },
    "reference.budgets": VERSIONED | {
        "budget_id": "Number of the row.",
        "tenant_id": "The tenant, as in the source.",
        "name": "The budget's name, unique within its tenant.",
        "scope": "tenant, cost_center, team or project.",
        "scope_id": "Whose cost it limits.",
        "first_month": "First day of the first month.",
        "last_month": "First day of the last month; null while no end is known.",
        "amount": "What may be spent in each month.",
        "currency": "Currency of the amount.",
        "warn_at_share": "The spent share of the amount from which on the budget warns.",
    },
    "reference.source_dimensions": {
        "source": "The source that says so.",
        "entity": "organization, team, project, user or API key.",
        "entity_id": "Its id in the source.",
        "tenant_id": "Whose it is.",
        "source_updated_at": "From when on it holds.",
        "content": "What the source says of it; no secret, no text of a prompt.",
        "content_digest": "Digest of the content, by which a change is found.",
        "run_id": "The run that read it.",
    },
}  # fmt: skip


def upgrade() -> None:
    op.execute("set role meterr_loader")
    for table, text in TABLES.items():
        kind = "view" if table.endswith(("canonical_events", "published_events")) else "table"
        op.execute(f"comment on {kind} {table} is {_quoted(text)}")
    for table, columns in COLUMNS.items():
        for column, text in columns.items():
            op.execute(f"comment on column {table}.{column} is {_quoted(text)}")
    op.execute("reset role")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
