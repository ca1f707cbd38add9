"""Connections to Atlassian, their sealed credentials, and the attempts to connect."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_CONNECTIONS)
    op.execute(_CREDENTIALS)
    op.execute(_FLOWS)
    for table in ("connections", "credentials", "connect_flows"):
        op.execute(_POLICIES.replace("{table}", table))
    op.execute(_GRANTS)


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE connect_flows, credentials, connections")


# Every key starts with the user: nothing joins across users, and a partition by user stays open.
_CONNECTIONS = """
CREATE TABLE connections (
    id              uuid NOT NULL,
    user_id         uuid NOT NULL,
    account_id      text NOT NULL,
    account_email   text NOT NULL,
    account_name    text NOT NULL,
    sites           jsonb NOT NULL,
    chosen_cloud_id text,
    granted_scopes  text[] NOT NULL,
    status          text NOT NULL CHECK (status IN ('unproven', 'choosing_site', 'connected',
                        'needs_reconnect', 'disconnected', 'replaced')),
    cause           text NOT NULL DEFAULT '',
    consented_at    timestamptz NOT NULL,
    last_ok_at      timestamptz,
    ended_at        timestamptz,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, account_id)
);
CREATE UNIQUE INDEX connections_one_live ON connections (user_id)
    WHERE status NOT IN ('disconnected', 'replaced');
"""

# renew_after NULL: never by itself, a new consent is needed. A lease is a promise to others that
# its owner asks the provider until lease_until (database clock); the generation decides who wins.
_CREDENTIALS = """
CREATE TABLE credentials (
    connection_id     uuid NOT NULL,
    user_id           uuid NOT NULL,
    generation        bigint NOT NULL,
    access_token      bytea NOT NULL,
    refresh_token     bytea NOT NULL,
    issued_at         timestamptz NOT NULL,
    access_expires_at timestamptz NOT NULL,
    renew_after       timestamptz,
    lease_owner       uuid,
    lease_until       timestamptz,
    failures          integer NOT NULL DEFAULT 0,
    retry_at          timestamptz,
    last_error        jsonb,
    PRIMARY KEY (user_id, connection_id),
    FOREIGN KEY (user_id, connection_id) REFERENCES connections (user_id, id) ON DELETE CASCADE
);
CREATE INDEX credentials_due ON credentials (renew_after) WHERE renew_after IS NOT NULL;
"""

_FLOWS = """
CREATE TABLE connect_flows (
    id            uuid NOT NULL,
    user_id       uuid NOT NULL,
    session_id    text NOT NULL,
    state_hash    bytea NOT NULL,
    code_verifier bytea,
    return_to     text NOT NULL,
    status        text NOT NULL,
    error         jsonb,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    claimed_at    timestamptz,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, state_hash)
);
CREATE INDEX connect_flows_newest ON connect_flows (user_id, created_at DESC);
CREATE INDEX connect_flows_expiry ON connect_flows (expires_at);
"""

_POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} TO xerus_app
    USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
CREATE POLICY renewal ON {table} TO xerus_worker USING (true) WITH CHECK (true);
"""

_GRANTS = """
GRANT SELECT, INSERT, UPDATE ON connections, connect_flows TO xerus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON credentials TO xerus_app;
GRANT SELECT, UPDATE ON credentials TO xerus_worker;
GRANT SELECT ON connections TO xerus_worker;
GRANT SELECT, DELETE ON connect_flows TO xerus_worker;
"""
