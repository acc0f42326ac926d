"""Let a run re-rate published days without reading a source, or ask what if (DESIGN §8)."""

from alembic import op

revision = "0041"
down_revision = "0040"

STATEMENTS = """
-- A reprice rebuilds published days from their events; a what_if does so and is never published.
alter table ops.runs drop constraint runs_kind_check;
alter table ops.runs add constraint runs_kind_check
    check (kind in ('window', 'repair', 'replay', 'reprice', 'what_if'));
-- The catalogue's model by which another's usage is priced: {"gpt-4o": "openai/gpt-4o-mini"}.
alter table ops.runs add column instead jsonb not null default '{}';
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
