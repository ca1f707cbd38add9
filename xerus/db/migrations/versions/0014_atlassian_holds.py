"""Until when Atlassian's quota is used up, for every process."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        -- Lost at a crash without harm: the next call is refused and writes it anew.
        CREATE UNLOGGED TABLE atlassian_holds (
            key text PRIMARY KEY,
            until timestamptz NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON atlassian_holds TO xerus_gate;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE atlassian_holds")
    op.execute("RESET ROLE")
