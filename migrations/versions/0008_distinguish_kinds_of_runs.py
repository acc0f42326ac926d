"""Distinguish runs of a window from repairs and replays, and remember what a sweep found sound."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = """
-- A window is read by arrival; a repair reads one event date anew; a replay reads dead letters.
alter table ops.runs add column kind text not null default 'window'
    check (kind in ('window', 'repair', 'replay'));

-- Replayed once that run is published; until then it may be tried again.
alter table staging.dead_letters add column replayed_by text references ops.runs;

-- A day that was repaired and still differs (it holds dead or repeated rows) is sound as long as
-- neither side changes.
create table ops.swept_days (
    source text not null,
    event_date date not null,
    source_digest text not null,
    warehouse_digest text not null,
    run_id text not null references ops.runs,
    primary key (source, event_date)
);
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
