"""Which process answers in a conversation, and whether the person has asked it to stop."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_ADD)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("ALTER TABLE conversations DROP COLUMN run_owner, DROP COLUMN run_stop")
    op.execute("RESET ROLE")


# run_owner: the number that the process of the run holds an advisory lock on as long as it lives.
_ADD = """
ALTER TABLE conversations
    ADD COLUMN run_owner bigint,
    ADD COLUMN run_stop  boolean NOT NULL DEFAULT false;
"""
