"""What lets a person in, what the identity provider demands of them, how to sign them out there."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE users
            ADD COLUMN admitted_by text NOT NULL DEFAULT '',
            ADD COLUMN claims_challenge text NOT NULL DEFAULT '',
            ADD COLUMN login_hint text NOT NULL DEFAULT '';
        GRANT UPDATE (claims_challenge) ON users TO xerus_worker;
        RESET ROLE;
    """)


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE users
            DROP COLUMN admitted_by, DROP COLUMN claims_challenge, DROP COLUMN login_hint;
        RESET ROLE;
    """)
