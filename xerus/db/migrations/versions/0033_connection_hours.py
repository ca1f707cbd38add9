"""How everybody's connections were, hour by hour; nobody is named in it."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("""
        CREATE TABLE connection_hours (
            hour timestamptz NOT NULL,
            kind text NOT NULL CHECK (kind IN ('sample', 'state', 'renewal', 'left')),
            name text NOT NULL,
            n bigint NOT NULL,
            PRIMARY KEY (hour, kind, name)
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON connection_hours TO xerus_worker;
    """)
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP TABLE connection_hours")
    op.execute("RESET ROLE")
