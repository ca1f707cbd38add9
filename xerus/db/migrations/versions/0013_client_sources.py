"""How clients came to be registered, and what lets a client manage its own registration."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE clients
            ADD COLUMN source text NOT NULL DEFAULT 'dynamic'
                CHECK (source IN ('dynamic', 'file', 'administrator', 'document')),
            ADD COLUMN application_type text NOT NULL DEFAULT '',
            -- The hash of the registration access token (RFC 7592).
            ADD COLUMN management_hash bytea,
            -- Until when a document fetched from the client's address need not be fetched again.
            ADD COLUMN fresh_until timestamptz;
        RESET ROLE;
    """)


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE clients DROP COLUMN source, DROP COLUMN application_type,
            DROP COLUMN management_hash, DROP COLUMN fresh_until;
        RESET ROLE;
    """)
