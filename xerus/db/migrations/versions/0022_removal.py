"""What erases a person: the gate may delete what it may not read."""

from alembic import op

revision = "0022"
down_revision = "0021"

_TABLES = ("connections", "connect_flows", "conversations")


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    for table in _TABLES:
        op.execute(f"CREATE POLICY removal ON {table} TO xerus_gate USING (true)")
        op.execute(f"GRANT SELECT (user_id, id), DELETE ON {table} TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    for table in _TABLES:
        op.execute(f"REVOKE SELECT (user_id, id), DELETE ON {table} FROM xerus_gate")
        op.execute(f"DROP POLICY removal ON {table}")
    op.execute("RESET ROLE")
