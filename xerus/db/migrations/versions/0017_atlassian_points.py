"""What Xerus spent of Atlassian's points, by the hour, for every process."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        -- A site of '' stands for what Atlassian said of the whole app.
        CREATE TABLE atlassian_points (
            hour timestamptz NOT NULL,
            product text NOT NULL,
            site text NOT NULL,
            points bigint NOT NULL,
            told_left bigint,
            told_quota bigint,
            PRIMARY KEY (hour, product, site)
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON atlassian_points TO xerus_gate;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE atlassian_points")
    op.execute("RESET ROLE")
