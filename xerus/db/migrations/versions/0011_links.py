"""Connections to Data Center beside those to Cloud."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        ALTER TABLE connections ADD COLUMN link text NOT NULL DEFAULT 'cloud'
            CHECK (link IN ('cloud', 'jira', 'confluence'));
        ALTER TABLE connections DROP CONSTRAINT connections_user_id_account_id_key;
        ALTER TABLE connections ADD UNIQUE (user_id, link, account_id);
        DROP INDEX connections_one_live;
        CREATE UNIQUE INDEX connections_one_live ON connections (user_id, link)
            WHERE status NOT IN ('disconnected', 'replaced');
        ALTER TABLE credentials ADD COLUMN link text NOT NULL DEFAULT 'cloud';
        DROP INDEX credentials_due;
        CREATE INDEX credentials_due ON credentials (link, renew_after)
            WHERE renew_after IS NOT NULL;
        ALTER TABLE connect_flows ADD COLUMN link text NOT NULL DEFAULT 'cloud';
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        DELETE FROM connections WHERE link <> 'cloud';
        DELETE FROM connect_flows WHERE link <> 'cloud';
        ALTER TABLE connect_flows DROP COLUMN link;
        ALTER TABLE credentials DROP COLUMN link;
        CREATE INDEX credentials_due ON credentials (renew_after) WHERE renew_after IS NOT NULL;
        ALTER TABLE connections DROP COLUMN link;
        ALTER TABLE connections ADD UNIQUE (user_id, account_id);
        CREATE UNIQUE INDEX connections_one_live ON connections (user_id)
            WHERE status NOT IN ('disconnected', 'replaced');
        RESET ROLE;
    """)
