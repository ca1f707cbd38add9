"""Wrapped keys: of the vault, by purpose, and for signing. No row here belongs to a user."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE data_keys (
            id uuid PRIMARY KEY,
            wrapped bytea NOT NULL,
            reference text NOT NULL,
            state text NOT NULL CHECK (state IN ('active', 'decrypt_only')),
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("CREATE UNIQUE INDEX data_keys_active ON data_keys (state) WHERE state = 'active'")
    op.execute("""
        CREATE TABLE vault_canary (
            id smallint PRIMARY KEY CHECK (id = 1),
            sealed bytea NOT NULL
        )
    """)
    op.execute("""
        CREATE TABLE purpose_keys (
            purpose text PRIMARY KEY,
            wrapped bytea NOT NULL,
            reference text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute("""
        CREATE TABLE signing_keys (
            kid text PRIMARY KEY,
            public jsonb NOT NULL,
            wrapped bytea NOT NULL,
            reference text NOT NULL,
            state text NOT NULL CHECK (state IN ('active', 'verify_only')),
            created_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX signing_keys_active ON signing_keys (state) WHERE state = 'active'"
    )
    # Keys are made and loaded as the gate at start; only their state changes, at a rotation.
    op.execute(
        "GRANT SELECT, INSERT ON data_keys, vault_canary, purpose_keys, signing_keys TO xerus_gate"
    )
    op.execute("GRANT UPDATE (state) ON data_keys TO xerus_gate")


def downgrade() -> None:
    op.execute("DROP TABLE signing_keys, purpose_keys, vault_canary, data_keys")
