"""Signing keys by schedule: each is published before it signs, and stays after it did."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # Processes of the version before may still start while this one is rolled out: `state` stays.
    op.execute("""
        ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz;
        UPDATE signing_keys SET signs_from = created_at;
        ALTER TABLE signing_keys ALTER COLUMN signs_from SET NOT NULL;
        ALTER TABLE signing_keys ALTER COLUMN signs_from SET DEFAULT now();
        GRANT DELETE ON signing_keys TO xerus_gate;
    """)


def downgrade() -> None:
    op.execute("""
        REVOKE DELETE ON signing_keys FROM xerus_gate;
        ALTER TABLE signing_keys DROP COLUMN signs_from;
    """)
