"""Let a what-if take a former catalogue's rates, and all else as it is now (decision 37)."""

from alembic import op

revision = "0020"
down_revision = "0019"

STATEMENTS = """
alter table ops.runs add column rates_version bigint;
comment on column ops.runs.rates_version is
    'The reference version whose rates a what-if prices by; null where it is reference_version.';
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
