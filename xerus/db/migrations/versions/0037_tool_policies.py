"""How people let tools run: asked about each time, always, or not at all."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_TABLES)
    for table in ("tool_policies", "conversation_tool_policies"):
        op.execute(_OWN_ROWS.replace("{table}", table))
    op.execute(_REMOVAL)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE conversation_tool_policies, tool_policies")
    op.execute("RESET ROLE")


# server: 'xerus' for a tool of ours, else the server's id and the beginning of the digest of the
# tool's definition. No row: reads run, writes are asked about.
_TABLES = """
CREATE TABLE tool_policies (
    user_id uuid NOT NULL,
    server  text NOT NULL,
    tool    text NOT NULL,
    policy  text NOT NULL CHECK (policy IN ('ask', 'allow', 'block')),
    set_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, server, tool)
);
CREATE TABLE conversation_tool_policies (
    user_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    server          text NOT NULL,
    tool            text NOT NULL,
    title           text NOT NULL,
    set_at          timestamptz NOT NULL,
    PRIMARY KEY (user_id, conversation_id, server, tool),
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE
);
"""

_OWN_ROWS = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} TO xerus_app
    USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO xerus_app;
"""

_REMOVAL = """
CREATE POLICY removal ON tool_policies TO xerus_gate USING (true);
GRANT SELECT (user_id), DELETE ON tool_policies TO xerus_gate;
"""
