"""The model that a person chose for a conversation."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    # '' where nobody chose: the default answers, whatever that is by then.
    op.execute("ALTER TABLE conversations ADD COLUMN model text NOT NULL DEFAULT ''")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("ALTER TABLE conversations DROP COLUMN model")
    op.execute("RESET ROLE")
