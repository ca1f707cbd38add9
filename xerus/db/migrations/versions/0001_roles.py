"""What every later migration stands on: the reach of the roles, and who the user is."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO xerus_app, xerus_gate, xerus_worker")
    op.execute("GRANT SELECT ON alembic_version TO xerus_app, xerus_gate, xerus_worker")
    # Inlined by the planner, so that policies written with it still use indexes.
    op.execute("""
        CREATE FUNCTION xerus_uid() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('app.uid', true), '')::uuid
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION xerus_uid()")
