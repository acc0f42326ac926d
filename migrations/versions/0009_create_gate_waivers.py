"""Create the record of verdicts that a person overruled for one run (DESIGN §11)."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = """
create table ops.gate_waivers (
    run_id text not null references ops.runs,
    gate text not null check (gate in ('landing', 'staging', 'marts')),
    reason text not null check (reason <> ''),
    waived_by text not null default session_user,
    waived_at timestamptz not null default clock_timestamp(),
    primary key (run_id, gate)
);
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
