"""What else a call may wait for, and what was decided about it."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_CALLS)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DELETE FROM approvals WHERE kind <> 'approval' OR decision = 'disconnected'")
    op.execute(
        "ALTER TABLE approvals DROP COLUMN kind, DROP COLUMN more,"
        " DROP CONSTRAINT approvals_decision_check,"
        " ADD CONSTRAINT approvals_decision_check"
        " CHECK (decision IN ('approved', 'declined', 'expired', 'superseded'))"
    )
    op.execute("RESET ROLE")


# kind: what the call waits for. more: sealed, what the person changed of the call, and said of it.
_CALLS = """
ALTER TABLE approvals
    ADD COLUMN kind text NOT NULL DEFAULT 'approval' CHECK (kind IN ('approval', 'connection')),
    ADD COLUMN more bytea,
    DROP CONSTRAINT approvals_decision_check,
    ADD CONSTRAINT approvals_decision_check CHECK (
        decision IN ('approved', 'declined', 'expired', 'superseded', 'disconnected')
    );
"""
