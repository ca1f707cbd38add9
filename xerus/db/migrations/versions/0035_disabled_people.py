"""Since when an administrator has kept a person out."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE users ADD COLUMN disabled_at timestamptz;
        CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;
        RESET ROLE;
    """)


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE users DROP COLUMN disabled_at;
        RESET ROLE;
    """)
