"""Quotas: events counted per key and minute."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
        -- Lost at a crash without harm, and written often: no write-ahead log.
        CREATE UNLOGGED TABLE rate_windows (
            key text PRIMARY KEY,
            window_start timestamptz NOT NULL,
            count integer NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON rate_windows TO xerus_gate;
    """)
