"""What people's answers used, by day and model."""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    # cost: US dollars, without the `unpriced` requests. No reference to users: see conversations.
    op.execute("""
        CREATE TABLE model_use (
            user_id uuid NOT NULL,
            day date NOT NULL,
            model text NOT NULL,
            messages bigint NOT NULL,
            requests bigint NOT NULL,
            untold bigint NOT NULL,
            tokens_in bigint NOT NULL,
            cached bigint NOT NULL,
            tokens_out bigint NOT NULL,
            cost numeric NOT NULL,
            unpriced bigint NOT NULL,
            PRIMARY KEY (user_id, day, model)
        );
        CREATE INDEX model_use_day ON model_use (day);
        ALTER TABLE model_use ENABLE ROW LEVEL SECURITY;
        ALTER TABLE model_use FORCE ROW LEVEL SECURITY;
        CREATE POLICY own_rows ON model_use TO xerus_app
            USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid());
        CREATE POLICY worker ON model_use TO xerus_worker USING (true) WITH CHECK (true);
        CREATE POLICY erasing ON model_use FOR DELETE TO xerus_gate USING (true);
        CREATE POLICY finding ON model_use FOR SELECT TO xerus_gate USING (true);
        GRANT SELECT, INSERT, UPDATE ON model_use TO xerus_app;
        GRANT SELECT, DELETE ON model_use TO xerus_worker;
        GRANT SELECT (user_id), DELETE ON model_use TO xerus_gate;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE model_use")
    op.execute("RESET ROLE")
