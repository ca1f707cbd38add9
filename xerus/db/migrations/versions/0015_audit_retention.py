"""Old events may leave the audit log, where a signed base stands for them."""

from alembic import op

revision = "0015"
down_revision = "0014"

# Below the least that XERUS_AUDIT_DAYS takes, by more than clocks differ.
_NEVER_YOUNGER = "28 days"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("ALTER TABLE audit_checkpoints ADD COLUMN base boolean NOT NULL DEFAULT false")
    # Nobody is granted DELETE: the two functions below are the one way, and only for what is old.
    op.execute("""
        CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('xerus.audit_removes', true) = 'old' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    op.execute("CREATE POLICY remove ON audit_events FOR DELETE TO xerus_owner USING (true)")
    op.execute(f"""
        CREATE FUNCTION audit_remove(chain smallint, upto bigint) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        DECLARE removed bigint;
        BEGIN
            IF EXISTS (SELECT FROM public.audit_events e WHERE e.shard = chain AND e.n <= upto
                       AND e.at >= now() - interval '{_NEVER_YOUNGER}')
               OR NOT EXISTS (SELECT FROM public.audit_events e
                              WHERE e.shard = chain AND e.n > upto) THEN
                RAISE EXCEPTION 'only what is old and not the end of a chain may leave'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM set_config('xerus.audit_removes', 'old', true);
            DELETE FROM public.audit_events e WHERE e.shard = chain AND e.n <= upto;
            GET DIAGNOSTICS removed = ROW_COUNT;
            PERFORM set_config('xerus.audit_removes', '', true);
            RETURN removed;
        END $$
    """)
    op.execute(f"""
        CREATE FUNCTION audit_forget(covered bigint[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        BEGIN
            PERFORM set_config('xerus.audit_removes', 'old', true);
            DELETE FROM public.audit_checkpoints c WHERE c.id = ANY(covered)
                AND (c.base OR c.at < now() - interval '{_NEVER_YOUNGER}');
            PERFORM set_config('xerus.audit_removes', '', true);
        END $$
    """)
    for function in ("audit_remove(smallint, bigint)", "audit_forget(bigint[])"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO xerus_worker")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP FUNCTION audit_remove(smallint, bigint), audit_forget(bigint[])")
    op.execute("DROP POLICY remove ON audit_events")
    op.execute("""
        CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
        END $$
    """)
    op.execute("ALTER TABLE audit_checkpoints DROP COLUMN base")
    op.execute("RESET ROLE")
