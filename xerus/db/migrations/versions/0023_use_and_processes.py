"""The use of tools by day, and which processes run."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE tool_use (
            day date NOT NULL,
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            client text NOT NULL,
            tool text NOT NULL,
            client_name text NOT NULL,
            calls bigint NOT NULL,
            failed bigint NOT NULL,
            ms bigint NOT NULL,
            PRIMARY KEY (day, user_id, client, tool)
        );
        CREATE INDEX tool_use_person ON tool_use (user_id, day);
        -- How far each chain of the audit log was read.
        CREATE TABLE tool_use_places (shard smallint PRIMARY KEY, n bigint NOT NULL);
        INSERT INTO tool_use_places SELECT shard, 0 FROM generate_series(0, 15) AS shard;
        ALTER TABLE tool_use ENABLE ROW LEVEL SECURITY;
        ALTER TABLE tool_use FORCE ROW LEVEL SECURITY;
        CREATE POLICY worker ON tool_use TO xerus_worker USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON tool_use TO xerus_worker;
        GRANT SELECT, UPDATE ON tool_use_places TO xerus_worker;

        -- Lost at a crash without harm: each process writes its row every few seconds.
        CREATE UNLOGGED TABLE processes (
            id uuid PRIMARY KEY,
            place text NOT NULL,
            roles text[] NOT NULL,
            started_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            listens boolean NOT NULL,
            gates jsonb NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON processes TO xerus_gate;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        DROP TABLE processes, tool_use_places, tool_use;
    """)
    op.execute("RESET ROLE")
