"""MCP servers that administrators add, and people's connections to them."""

from alembic import op

revision = "0028"
down_revision = "0027"

_OF_PEOPLE = ("remote_connections", "remote_credentials", "remote_flows")


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    for statement in (_SERVERS, _CONNECTIONS, _CREDENTIALS, _FLOWS):
        op.execute(statement)
    for table in _OF_PEOPLE:
        op.execute(_POLICIES.replace("{table}", table))
    op.execute(_GRANTS)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE remote_flows, remote_credentials, remote_connections, remote_servers")
    op.execute("RESET ROLE")


# The last three are sealed. `oauth` holds the endpoints and the client as they were found at the
# authorization server, none of it secret.
_SERVERS = """
CREATE TABLE remote_servers (
    id                    uuid PRIMARY KEY,
    slug                  text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9_]{1,16}$'),
    name                  text NOT NULL,
    url                   text NOT NULL,
    auth                  text NOT NULL CHECK (auth IN ('none', 'api_key', 'oauth')),
    enabled               boolean NOT NULL DEFAULT true,
    hands_atlassian_token boolean NOT NULL DEFAULT false,
    key_header            text NOT NULL DEFAULT '',
    key_of_each           boolean NOT NULL DEFAULT false,
    oauth                 jsonb,
    added_at              timestamptz NOT NULL,
    reached_at            timestamptz,
    reach_ms              integer,
    reach_error           jsonb,
    tools                 integer,
    shared_key            bytea,
    client_secret         bytea,
    registration_token    bytea
);
"""

# One row for a person and a server: whose account it is there, nobody tells.
_CONNECTIONS = """
CREATE TABLE remote_connections (
    id              uuid NOT NULL,
    user_id         uuid NOT NULL,
    server_id       uuid NOT NULL REFERENCES remote_servers ON DELETE CASCADE,
    status          text NOT NULL CHECK (status IN ('unproven', 'connected', 'needs_reconnect',
                        'disconnected')),
    cause           text NOT NULL DEFAULT '',
    granted_scopes  text[] NOT NULL DEFAULT '{}',
    consented_at    timestamptz NOT NULL,
    last_ok_at      timestamptz,
    ended_at        timestamptz,
    access_until    timestamptz,
    last_generation bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, server_id)
);
CREATE INDEX remote_connections_server ON remote_connections (server_id, status);
"""

# As `credentials`; a key that a person gave, and a token without a successor, have no
# refresh_token and are never renewed. access_expires_at NULL: no end is known.
_CREDENTIALS = """
CREATE TABLE remote_credentials (
    connection_id     uuid NOT NULL,
    user_id           uuid NOT NULL,
    server_id         uuid NOT NULL REFERENCES remote_servers ON DELETE CASCADE,
    generation        bigint NOT NULL,
    access_token      bytea NOT NULL,
    refresh_token     bytea,
    issued_at         timestamptz NOT NULL,
    access_expires_at timestamptz,
    renew_after       timestamptz,
    lease_owner       uuid,
    lease_until       timestamptz,
    failures          integer NOT NULL DEFAULT 0,
    retry_at          timestamptz,
    last_error        jsonb,
    check_after       timestamptz NOT NULL,
    checked_at        timestamptz,
    check_ms          integer,
    check_outcome     text CHECK (check_outcome IN ('ok', 'partial', 'refused', 'no_answer')),
    check_error       jsonb,
    failing_since     timestamptz,
    PRIMARY KEY (user_id, connection_id),
    FOREIGN KEY (user_id, connection_id) REFERENCES remote_connections (user_id, id)
        ON DELETE CASCADE
);
CREATE INDEX remote_credentials_due ON remote_credentials (server_id, renew_after)
    WHERE renew_after IS NOT NULL;
CREATE INDEX remote_credentials_check ON remote_credentials (server_id, check_after);
"""

# `issuer` is the authorization server that the attempt was begun at: its answer is redeemed there.
_FLOWS = """
CREATE TABLE remote_flows (
    id            uuid NOT NULL,
    user_id       uuid NOT NULL,
    server_id     uuid NOT NULL REFERENCES remote_servers ON DELETE CASCADE,
    session_id    text NOT NULL,
    state_hash    bytea NOT NULL,
    code_verifier bytea,
    issuer        text NOT NULL DEFAULT '',
    return_to     text NOT NULL,
    status        text NOT NULL,
    error         jsonb,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    claimed_at    timestamptz,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, state_hash)
);
CREATE INDEX remote_flows_newest ON remote_flows (user_id, created_at DESC);
CREATE INDEX remote_flows_expiry ON remote_flows (expires_at);
"""

_POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} TO xerus_app
    USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
CREATE POLICY renewal ON {table} TO xerus_worker USING (true) WITH CHECK (true);
CREATE POLICY removal ON {table} TO xerus_gate USING (true);
"""

# The gate, by which administrators act, writes the secrets of a server and reads none.
_PLAIN = (
    "id, slug, name, url, auth, enabled, hands_atlassian_token, key_header, key_of_each, oauth,"
    " added_at, reached_at, reach_ms, reach_error, tools"
)
_GRANTS = f"""
GRANT SELECT ON remote_servers TO xerus_app, xerus_worker;
GRANT UPDATE (reached_at, reach_ms, reach_error, tools) ON remote_servers TO xerus_app;
GRANT UPDATE (shared_key, client_secret, registration_token) ON remote_servers TO xerus_worker;
GRANT SELECT ({_PLAIN}), INSERT, UPDATE, DELETE ON remote_servers TO xerus_gate;
GRANT SELECT, INSERT, UPDATE ON remote_connections, remote_flows TO xerus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON remote_credentials TO xerus_app;
GRANT SELECT, UPDATE ON remote_credentials TO xerus_worker;
GRANT SELECT ON remote_connections TO xerus_worker;
GRANT SELECT, DELETE ON remote_flows TO xerus_worker;
GRANT SELECT (user_id, id, server_id, status), DELETE ON remote_connections TO xerus_gate;
GRANT SELECT (user_id, id), DELETE ON remote_flows TO xerus_gate;
"""
