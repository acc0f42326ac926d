"""Let rates depend on the time of day, and names be mended by aliases (DESIGN §8)."""

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = """
-- The rate of calls from this time of day (UTC) until the model's next one; most hold all day.
alter table reference.rates add column time_of_day_from time not null default '00:00';
drop index reference.rates_in_force;
create unique index rates_in_force on reference.rates (
    catalogue, provider_id, model_id, token_type, processing_mode, service_tier,
    context_above_tokens, valid_from, time_of_day_from
) where retired_by is null;

-- Which model of the rate book a source means by two names that the catalogue does not know, or
-- takes for another; append-only, the row without retired_by holds.
create table reference.model_aliases (
    alias_id bigint generated always as identity primary key,
    provider text not null,
    model text not null,
    provider_id text not null,
    model_id text not null,
    reason text not null,
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes
);
create unique index model_aliases_in_force on reference.model_aliases (provider, model)
    where retired_by is null;

-- What a chosen region makes of each unit price of a model; append-only likewise.
create table reference.region_uplifts (
    uplift_id bigint generated always as identity primary key,
    provider_id text not null,
    model_id text not null,
    region text not null,
    multiplier numeric not null check (multiplier > 0),
    reference_version bigint not null references reference.changes,
    retired_by bigint references reference.changes
);
create unique index region_uplifts_in_force
    on reference.region_uplifts (provider_id, model_id, region) where retired_by is null;
grant select on reference.model_aliases, reference.region_uplifts
    to meterr_analyst, meterr_auditor, meterr_transformer;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
