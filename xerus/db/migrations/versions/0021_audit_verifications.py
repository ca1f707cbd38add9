"""The last verification of the audit log is found without reading the log."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(
        "CREATE INDEX audit_events_verified ON audit_events (at) WHERE event = 'audit:log:verified'"
    )
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP INDEX audit_events_verified")
    op.execute("RESET ROLE")
