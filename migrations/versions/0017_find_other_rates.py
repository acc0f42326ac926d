"""Let readers price usage under other terms, as of the version that priced its day (DESIGN §8)."""

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS = """
-- From a rate to those of the same model under other terms.
create index rates_of_model on reference.rates (provider_id, model_id, token_type);
grant select (reference_version) on ops.published_days to meterr_analyst;
"""


def upgrade() -> None:
    op.execute("set role meterr_loader")
    op.execute(STATEMENTS)
    op.execute("reset role")
