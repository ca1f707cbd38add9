"""Where a conversation was branched from, and what lets old ones go."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    # No foreign key: a branch outlives what it was made of, and then says so.
    op.execute(
        "ALTER TABLE conversations ADD COLUMN origin_id uuid, ADD COLUMN origin_turn integer"
    )
    op.execute("""
        CREATE INDEX conversations_branches ON conversations (user_id, origin_id)
        WHERE origin_id IS NOT NULL
    """)
    op.execute("CREATE INDEX conversations_oldest ON conversations (updated_at)")
    # The gate already deletes what it may not read; it now sees how long that was not used.
    op.execute("GRANT SELECT (updated_at) ON conversations TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("REVOKE SELECT (updated_at) ON conversations FROM xerus_gate")
    op.execute("DROP INDEX conversations_oldest, conversations_branches")
    op.execute("ALTER TABLE conversations DROP COLUMN origin_turn, DROP COLUMN origin_id")
    op.execute("RESET ROLE")
