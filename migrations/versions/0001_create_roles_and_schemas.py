"""Create the schemas and the roles that own, build, publish and read them.

Roles belong to the whole cluster, so one that exists is left as it is.
"""

from alembic import op

revision = "0001"
down_revision = None

ROLES = (
    "meterr_loader",
    "meterr_transformer",
    "meterr_publisher",
    "meterr_analyst",
    "meterr_auditor",
)


def upgrade() -> None:
    for role in ROLES:
        op.execute(
            f"""
            do $$ begin
                if not exists (select from pg_roles where rolname = '{role}') then
                    create role {role} nologin;
                end if;
            end $$
            """
        )
    op.execute("grant meterr_loader, meterr_transformer, meterr_publisher to current_user")
    # The publisher attaches tables that the loader owns; gates and publish read candidates.
    op.execute("grant meterr_loader, meterr_transformer to meterr_publisher")
    op.execute("grant meterr_transformer to meterr_loader")
    for schema in ("landing", "staging", "reference", "ops"):
        op.execute(f"create schema {schema} authorization meterr_loader")
    op.execute("create schema marts authorization meterr_publisher")
    op.execute("grant usage on schema staging, reference, ops to meterr_transformer")
    op.execute("grant usage on schema marts, staging, ops to meterr_analyst")
    op.execute("grant usage on schema landing, staging, reference, ops, marts to meterr_auditor")
    op.execute("grant usage on schema marts to meterr_loader, meterr_transformer")
    op.execute(
        """
        do $$ begin
            execute format(
                'grant create on database %I to meterr_transformer, meterr_loader',
                current_database()
            );
        end $$
        """
    )
    op.execute(
        "alter default privileges for role meterr_loader in schema landing, ops"
        " grant select on tables to meterr_transformer, meterr_auditor"
    )
    op.execute(
        "alter default privileges for role meterr_loader in schema staging, reference"
        " grant select on tables to meterr_transformer"
    )
