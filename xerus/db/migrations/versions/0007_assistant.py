"""Conversations with the assistant, and the calls that wait for a person's approval."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(_CONVERSATIONS)
    op.execute(_TURNS)
    op.execute(_APPROVALS)
    for table in ("conversations", "conversation_turns", "approvals"):
        op.execute(_POLICY.replace("{table}", table))
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE approvals, conversation_turns, conversations")
    op.execute("RESET ROLE")


# Every key starts with the user, as everywhere. run_id and run_until (database clock): the run
# that answers at present; only it may write turns. `title` and `content` are sealed.
_CONVERSATIONS = """
CREATE TABLE conversations (
    user_id    uuid NOT NULL,
    id         uuid NOT NULL,
    title      bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    run_id     uuid,
    run_until  timestamptz,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX conversations_newest ON conversations (user_id, updated_at DESC);
"""

_TURNS = """
CREATE TABLE conversation_turns (
    user_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    n               integer NOT NULL,
    content         bytea NOT NULL,
    PRIMARY KEY (user_id, conversation_id, n),
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE
);
"""

# call: the sealed SHA-256 of tool and canonical arguments. A bare hash of a short text could be
# guessed from a copy of the database.
_APPROVALS = """
CREATE TABLE approvals (
    user_id         uuid NOT NULL,
    id              uuid NOT NULL,
    conversation_id uuid NOT NULL,
    turn            integer NOT NULL,
    call_id         text NOT NULL,
    tool            text NOT NULL,
    call            bytea NOT NULL,
    asked_at        timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    decided_at      timestamptz,
    decision        text CHECK (decision IN ('approved', 'declined', 'expired', 'superseded')),
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, conversation_id, turn, call_id),
    CHECK ((decided_at IS NULL) = (decision IS NULL)),
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
