"""The audit log: chains that only grow, and their signed checkpoints."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE audit_events (
            shard smallint NOT NULL,
            n bigint NOT NULL CHECK (n > 0),
            at timestamptz NOT NULL,
            event text NOT NULL,
            user_id uuid,
            facts jsonb NOT NULL,
            mac bytea NOT NULL,
            PRIMARY KEY (shard, n)
        )
    """)
    op.execute("CREATE INDEX audit_events_user ON audit_events (user_id, at DESC)")
    op.execute("""
        CREATE TABLE audit_checkpoints (
            id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            at timestamptz NOT NULL,
            events bigint NOT NULL,
            heads jsonb NOT NULL,
            signature bytea NOT NULL
        )
    """)
    _refuse_changes("audit_events")
    _refuse_changes("audit_checkpoints")
    _protect_rows()
    _tail_function()
    op.execute("GRANT INSERT ON audit_events TO xerus_app, xerus_gate, xerus_worker")
    op.execute("GRANT SELECT ON audit_events TO xerus_app, xerus_worker")
    op.execute("GRANT SELECT, INSERT ON audit_checkpoints TO xerus_worker")


def _refuse_changes(table: str) -> None:
    """Even the owner has to drop a trigger first, and the chain shows what was done after."""
    op.execute("""
        CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    op.execute(
        f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )


def _protect_rows() -> None:
    op.execute("ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_events FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_events ON audit_events FOR SELECT TO xerus_app"
        " USING (user_id = xerus_uid())"
    )
    op.execute(
        "CREATE POLICY record_own ON audit_events FOR INSERT TO xerus_app"
        " WITH CHECK (user_id IS NULL OR user_id = xerus_uid())"
    )
    op.execute(
        "CREATE POLICY record ON audit_events FOR INSERT TO xerus_gate, xerus_worker"
        " WITH CHECK (true)"
    )
    op.execute(
        "CREATE POLICY verify ON audit_events FOR SELECT TO xerus_worker, xerus_owner USING (true)"
    )


def _tail_function() -> None:
    """The end of one chain, locked until the transaction ends, so that numbers have no gaps.

    VOLATILE, so that the SELECT sees what was committed while the lock was waited for.
    """
    op.execute("""
        CREATE FUNCTION audit_tail(chain smallint, OUT n bigint, OUT mac bytea)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(1635084660, chain);
            SELECT e.n, e.mac INTO n, mac FROM public.audit_events e
            WHERE e.shard = chain ORDER BY e.n DESC LIMIT 1;
        END $$
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION audit_tail(smallint) FROM PUBLIC")
    op.execute(
        "GRANT EXECUTE ON FUNCTION audit_tail(smallint) TO xerus_app, xerus_gate, xerus_worker"
    )


def downgrade() -> None:
    op.execute("DROP TABLE audit_checkpoints, audit_events")
    op.execute("DROP FUNCTION audit_tail(smallint), audit_refuse()")
