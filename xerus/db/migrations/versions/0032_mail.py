"""Who wants e-mail about what has to be seen to, and what is to be sent."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE mail_choices (
            user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            wanted boolean NOT NULL,
            changed_at timestamptz NOT NULL
        );
        ALTER TABLE mail_choices ENABLE ROW LEVEL SECURITY;
        ALTER TABLE mail_choices FORCE ROW LEVEL SECURITY;
        CREATE POLICY own_rows ON mail_choices TO xerus_app
            USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
        CREATE POLICY worker ON mail_choices FOR SELECT TO xerus_worker USING (true);
        GRANT SELECT, INSERT, UPDATE ON mail_choices TO xerus_app;
        GRANT SELECT ON mail_choices TO xerus_worker;

        -- One row for each cause of a person: it also remembers when they were last written to.
        -- unsure: how often it was sent and nobody knows whether it was taken.
        CREATE TABLE mail_outbox (
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            cause text NOT NULL,
            id uuid NOT NULL,
            level integer NOT NULL,
            since timestamptz NOT NULL,
            title text NOT NULL,
            text text NOT NULL,
            page text NOT NULL,
            action text NOT NULL,
            state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
            created_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            next_at timestamptz NOT NULL,
            lease_until timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            unsure integer NOT NULL DEFAULT 0,
            settled_at timestamptz,
            last_error text NOT NULL DEFAULT '',
            PRIMARY KEY (user_id, cause)
        );
        CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE state = 'waiting';
        ALTER TABLE mail_outbox ENABLE ROW LEVEL SECURITY;
        ALTER TABLE mail_outbox FORCE ROW LEVEL SECURITY;
        CREATE POLICY worker ON mail_outbox TO xerus_worker USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON mail_outbox TO xerus_worker;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE mail_outbox, mail_choices")
    op.execute("RESET ROLE")
