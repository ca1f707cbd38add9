"""Data keys end: since when one only opens, and whether a rotation to one is finished."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        ALTER TABLE data_keys
            ADD COLUMN retired_at timestamptz,
            ADD COLUMN finished_at timestamptz;
        UPDATE data_keys SET retired_at = now() WHERE state = 'decrypt_only';
        UPDATE data_keys SET finished_at = now() WHERE state = 'active';
        GRANT UPDATE (retired_at, finished_at), DELETE ON data_keys TO xerus_gate;
        GRANT UPDATE (sealed) ON vault_canary TO xerus_gate;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        REVOKE UPDATE (sealed) ON vault_canary FROM xerus_gate;
        REVOKE DELETE ON data_keys FROM xerus_gate;
        ALTER TABLE data_keys DROP COLUMN retired_at, DROP COLUMN finished_at;
    """)
    op.execute("RESET ROLE")
