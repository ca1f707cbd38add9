"""Registered MCP clients, authorization requests, codes and token families."""

from alembic import op

revision = "0005"
down_revision = "0004"

_OF_USERS = ("grant_families", "grant_codes", "grant_refresh_tokens")


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE clients (
            id text PRIMARY KEY,
            name text NOT NULL,
            auth_method text NOT NULL
                CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
            secret_hash bytea,
            redirect_uris text[] NOT NULL,
            scopes text[] NOT NULL,
            created_at timestamptz NOT NULL,
            used_at timestamptz,
            CHECK ((auth_method = 'none') = (secret_hash IS NULL))
        );
        CREATE INDEX clients_unused ON clients (created_at) WHERE used_at IS NULL;
        CREATE TABLE authorization_requests (
            id uuid PRIMARY KEY,
            client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
            browser_hash bytea NOT NULL,
            redirect_uri text NOT NULL,
            redirect_given boolean NOT NULL,
            code_challenge text NOT NULL,
            scopes text[] NOT NULL,
            resource text NOT NULL,
            -- The client's state may carry secrets of the client.
            sealed_state bytea,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            decision text CHECK (decision IN ('approved', 'denied')),
            answered_at timestamptz
        );
        CREATE INDEX authorization_requests_expiry ON authorization_requests (expires_at);
        CREATE TABLE grant_families (
            id uuid PRIMARY KEY,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            client_id text NOT NULL REFERENCES clients,
            scopes text[] NOT NULL,
            resource text NOT NULL,
            created_at timestamptz NOT NULL,
            -- Set by the redemption of the code; a family without it was never used.
            redeemed_at timestamptz,
            used_at timestamptz,
            revoked_at timestamptz,
            revoked_for text NOT NULL DEFAULT ''
        );
        CREATE INDEX grant_families_user ON grant_families (user_id);
        CREATE INDEX grant_families_client ON grant_families (client_id);
        CREATE TABLE grant_codes (
            code_hash bytea PRIMARY KEY,
            family_id uuid NOT NULL REFERENCES grant_families ON DELETE CASCADE,
            user_id uuid NOT NULL,
            client_id text NOT NULL,
            redirect_uri text NOT NULL,
            redirect_given boolean NOT NULL,
            code_challenge text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz
        );
        CREATE INDEX grant_codes_family ON grant_codes (family_id);
        CREATE TABLE grant_refresh_tokens (
            token_hash bytea PRIMARY KEY,
            family_id uuid NOT NULL REFERENCES grant_families ON DELETE CASCADE,
            user_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            rotated_at timestamptz,
            successor_hash bytea
        );
        CREATE INDEX grant_refresh_tokens_family ON grant_refresh_tokens (family_id);
        CREATE INDEX grant_refresh_tokens_expiry ON grant_refresh_tokens (expires_at);
    """)
    for table in (*_OF_USERS, "clients", "authorization_requests"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY gate ON {table} TO xerus_gate USING (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO xerus_gate")
    op.execute("""
        CREATE POLICY own ON grant_families FOR SELECT TO xerus_app USING (user_id = xerus_uid());
        GRANT SELECT ON grant_families TO xerus_app;
        CREATE POLICY named ON clients FOR SELECT TO xerus_app USING (
            id IN (SELECT client_id FROM grant_families WHERE user_id = xerus_uid())
        );
        GRANT SELECT (id, name, redirect_uris) ON clients TO xerus_app;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        DROP TABLE grant_refresh_tokens, grant_codes, grant_families, authorization_requests, clients;
        RESET ROLE;
    """)
