"""Consents that a person chose not to be asked for again."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE remembered_consents (
            id uuid PRIMARY KEY,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
            redirect_uri text NOT NULL,
            scopes text[] NOT NULL,
            created_at timestamptz NOT NULL,
            used_at timestamptz,
            UNIQUE (user_id, client_id, redirect_uri)
        );
        CREATE INDEX remembered_consents_client ON remembered_consents (client_id);
        ALTER TABLE remembered_consents ENABLE ROW LEVEL SECURITY;
        ALTER TABLE remembered_consents FORCE ROW LEVEL SECURITY;
        CREATE POLICY gate ON remembered_consents TO xerus_gate USING (true);
        CREATE POLICY own ON remembered_consents FOR SELECT TO xerus_app
            USING (user_id = xerus_uid());
        GRANT SELECT, INSERT, UPDATE, DELETE ON remembered_consents TO xerus_gate;
        GRANT SELECT ON remembered_consents TO xerus_app;
        CREATE POLICY remembered ON clients FOR SELECT TO xerus_app USING (
            id IN (SELECT client_id FROM remembered_consents WHERE user_id = xerus_uid())
        );
        ALTER TABLE authorization_requests
            ADD COLUMN remember boolean NOT NULL DEFAULT false,
            -- Who had allowed it before, where no consent page was shown.
            ADD COLUMN consented_by uuid REFERENCES users ON DELETE CASCADE;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        ALTER TABLE authorization_requests DROP COLUMN remember, DROP COLUMN consented_by;
        DROP POLICY remembered ON clients;
        DROP TABLE remembered_consents;
        RESET ROLE;
    """)
