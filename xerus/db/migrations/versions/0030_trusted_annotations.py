"""Whether an administrator believes an MCP server which of its tools only read."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(
        "ALTER TABLE remote_servers ADD COLUMN trusts_annotations boolean NOT NULL DEFAULT false"
    )
    op.execute("GRANT SELECT (trusts_annotations) ON remote_servers TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("ALTER TABLE remote_servers DROP COLUMN trusts_annotations")
    op.execute("RESET ROLE")
