"""What the last real call of a connection came to, when the next is due, and since when it fails."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        ALTER TABLE credentials
            -- The default spreads the connections that are there over a day.
            ADD COLUMN check_after timestamptz NOT NULL DEFAULT now() + random() * interval '1 day',
            ADD COLUMN checked_at timestamptz,
            ADD COLUMN check_ms integer,
            ADD COLUMN check_outcome text
                CHECK (check_outcome IN ('ok', 'partial', 'refused', 'no_answer')),
            ADD COLUMN check_error jsonb,
            ADD COLUMN failing_since timestamptz;
        UPDATE credentials SET failing_since = (last_error ->> 'at')::timestamptz
            WHERE last_error IS NOT NULL;
        CREATE INDEX credentials_check ON credentials (link, check_after)
            WHERE renew_after IS NOT NULL;
        CREATE INDEX credentials_failing ON credentials (failing_since)
            WHERE failing_since IS NOT NULL;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        ALTER TABLE credentials DROP COLUMN check_after, DROP COLUMN checked_at,
            DROP COLUMN check_ms, DROP COLUMN check_outcome, DROP COLUMN check_error,
            DROP COLUMN failing_since;
    """)
    op.execute("RESET ROLE")
