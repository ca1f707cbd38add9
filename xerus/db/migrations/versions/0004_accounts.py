"""People, their credentials at the identity provider, browser sessions and sign-ins under way."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE users (
            id uuid PRIMARY KEY,
            tenant text NOT NULL,
            subject text NOT NULL,
            email text NOT NULL,
            name text NOT NULL,
            -- The entry of XERUS_ADMINS that made the person administrator, '' if none.
            admin_by text NOT NULL DEFAULT '',
            created_at timestamptz NOT NULL,
            signed_in_at timestamptz NOT NULL,
            -- When the identity provider last said that the person is still allowed.
            checked_at timestamptz NOT NULL,
            check_lease_until timestamptz,
            -- Sessions and grants made before this instant are void: the provider refused.
            void_before timestamptz NOT NULL DEFAULT 'epoch',
            UNIQUE (tenant, subject)
        );
        CREATE TABLE admin_emails (
            email text PRIMARY KEY,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE
        );
        CREATE TABLE identities (
            user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            generation bigint NOT NULL DEFAULT 1,
            refresh_token bytea NOT NULL,
            updated_at timestamptz NOT NULL
        );
        CREATE TABLE sessions (
            id uuid PRIMARY KEY,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            token_hash bytea NOT NULL UNIQUE,
            user_agent text NOT NULL,
            created_at timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            ended_at timestamptz
        );
        CREATE INDEX sessions_user ON sessions (user_id);
        CREATE INDEX sessions_expiry ON sessions (expires_at);
        CREATE TABLE signin_flows (
            id uuid PRIMARY KEY,
            state_hash bytea NOT NULL UNIQUE,
            browser_hash bytea NOT NULL,
            purpose text NOT NULL CHECK (purpose IN ('web', 'authorize')),
            return_to text NOT NULL,
            request_id uuid,
            sealed bytea NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz
        );
        CREATE INDEX signin_flows_expiry ON signin_flows (expires_at);
        CREATE TABLE local_links (
            secret_hash bytea PRIMARY KEY,
            expires_at timestamptz NOT NULL,
            used_at timestamptz
        );
    """)
    for table in ("users", "admin_emails", "identities", "sessions", "signin_flows", "local_links"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in ("users", "admin_emails", "sessions", "signin_flows", "local_links"):
        op.execute(f"CREATE POLICY gate ON {table} TO xerus_gate USING (true)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO xerus_gate")
    op.execute("""
        CREATE POLICY own ON users FOR SELECT TO xerus_app USING (id = xerus_uid());
        CREATE POLICY own ON sessions FOR SELECT TO xerus_app USING (user_id = xerus_uid());
        GRANT SELECT ON users, sessions TO xerus_app;

        CREATE POLICY worker ON identities TO xerus_worker USING (true);
        CREATE POLICY worker ON users TO xerus_worker USING (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON identities TO xerus_worker;
        GRANT SELECT, UPDATE (checked_at, check_lease_until, void_before) ON users TO xerus_worker;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("""
        SET LOCAL ROLE xerus_owner;
        DROP TABLE local_links, signin_flows, sessions, identities, admin_emails, users;
        RESET ROLE;
    """)
