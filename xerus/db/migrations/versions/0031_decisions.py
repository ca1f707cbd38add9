"""What else a call may wait for, what was decided about it, and what a person settled for a tool."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_CALLS)
    op.execute(_TOOLS)
    op.execute(_TOOLS_HERE)
    for table in ("tool_policies", "conversation_tool_policies"):
        op.execute(_POLICY.replace("{table}", table))
    op.execute("CREATE POLICY removal ON tool_policies TO xerus_gate USING (true)")
    op.execute("GRANT SELECT (user_id), DELETE ON tool_policies TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE conversation_tool_policies, tool_policies")
    op.execute("DELETE FROM approvals WHERE kind <> 'approval' OR decision = 'disconnected'")
    op.execute(
        "ALTER TABLE approvals DROP COLUMN kind, DROP COLUMN more,"
        " DROP CONSTRAINT approvals_decision_check,"
        " ADD CONSTRAINT approvals_decision_check"
        " CHECK (decision IN ('approved', 'declined', 'expired', 'superseded'))"
    )
    op.execute("RESET ROLE")


# kind: what the call waits for. more: sealed, what the person changed of the call, and said of it.
_CALLS = """
ALTER TABLE approvals
    ADD COLUMN kind text NOT NULL DEFAULT 'approval' CHECK (kind IN ('approval', 'connection')),
    ADD COLUMN more bytea,
    DROP CONSTRAINT approvals_decision_check,
    ADD CONSTRAINT approvals_decision_check CHECK (
        decision IN ('approved', 'declined', 'expired', 'superseded', 'disconnected')
    );
"""

# server: the MCP server whose tool it is; xerus is our own. A tool without a row is as it comes:
# what reads runs, and what writes is asked about.
_TOOLS = """
CREATE TABLE tool_policies (
    user_id uuid NOT NULL,
    server  text NOT NULL,
    tool    text NOT NULL,
    policy  text NOT NULL CHECK (policy IN ('ask', 'allow', 'block')),
    set_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, server, tool)
);
"""

_TOOLS_HERE = """
CREATE TABLE conversation_tool_policies (
    user_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    server          text NOT NULL,
    tool            text NOT NULL,
    set_at          timestamptz NOT NULL,
    PRIMARY KEY (user_id, conversation_id, server, tool),
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE
);
"""

_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} TO xerus_app
    USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO xerus_app;
"""
