"""What an erased credential leaves behind: its generation, and until when its access token lived."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        ALTER TABLE connections
            ADD COLUMN last_generation bigint NOT NULL DEFAULT 0,
            ADD COLUMN access_until timestamptz;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("ALTER TABLE connections DROP COLUMN last_generation, DROP COLUMN access_until")
    op.execute("RESET ROLE")
