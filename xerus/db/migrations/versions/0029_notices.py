"""What people put away of the notices above the pages, and what is wrong with the installation."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE notice_dismissals (
            user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
            cause text NOT NULL,
            level integer NOT NULL,
            dismissed_at timestamptz NOT NULL,
            PRIMARY KEY (user_id, cause)
        );
        ALTER TABLE notice_dismissals ENABLE ROW LEVEL SECURITY;
        ALTER TABLE notice_dismissals FORCE ROW LEVEL SECURITY;
        CREATE POLICY own_rows ON notice_dismissals TO xerus_app
            USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
        CREATE POLICY worker ON notice_dismissals TO xerus_worker USING (true);
        GRANT SELECT, INSERT, UPDATE ON notice_dismissals TO xerus_app;
        GRANT SELECT (dismissed_at), DELETE ON notice_dismissals TO xerus_worker;

        -- Of the installation, not of anybody; the pages show it to administrators.
        CREATE TABLE operator_troubles (
            cause text PRIMARY KEY,
            level integer NOT NULL,
            since timestamptz NOT NULL,
            facts jsonb NOT NULL
        );
        GRANT SELECT ON operator_troubles TO xerus_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON operator_troubles TO xerus_worker;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE operator_troubles, notice_dismissals")
    op.execute("RESET ROLE")
