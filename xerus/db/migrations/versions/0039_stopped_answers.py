"""What lets an administrator end the answers of somebody who is turned off or removed."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("GRANT SELECT (run_id), UPDATE (run_stop) ON conversations TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("REVOKE SELECT (run_id), UPDATE (run_stop) ON conversations FROM xerus_gate")
    op.execute("RESET ROLE")
