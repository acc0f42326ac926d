"""Let a published mart be derived from a daily one, and let the gate on it speak (DESIGN §3)."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
alter table ops.published_marts
    add column daily_mart text,
    add column derivation text,
    add check ((daily_mart is null) = (derivation is null));

alter table ops.gate_verdicts
    drop constraint gate_verdicts_gate_check,
    add check (gate in ('landing', 'staging', 'marts', 'months'));
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
