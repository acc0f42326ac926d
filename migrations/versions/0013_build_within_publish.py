"""Let the publish build what an earlier run at work would overtake anyway (decision 43)."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = """
-- True until the publish has staged, built and judged the run anew: what stands of it is no
-- candidate to publish, be it outdated, never built, or found red.
alter table ops.runs add column is_rebuild_due boolean not null default false;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
