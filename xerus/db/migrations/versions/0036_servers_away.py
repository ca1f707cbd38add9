"""Since when an MCP server does not answer, and when the worker greets it next."""

from alembic import op

revision = "0036"
down_revision = "0035"

_NEW = "away_since, reach_failures, reach_after"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(
        "ALTER TABLE remote_servers ADD COLUMN away_since timestamptz,"
        " ADD COLUMN reach_failures integer NOT NULL DEFAULT 0,"
        " ADD COLUMN reach_after timestamptz NOT NULL DEFAULT now()"
    )
    op.execute(f"GRANT UPDATE ({_NEW}) ON remote_servers TO xerus_app, xerus_worker")
    op.execute("GRANT UPDATE (reached_at, reach_ms, reach_error) ON remote_servers TO xerus_worker")
    op.execute("GRANT SELECT (away_since) ON remote_servers TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(
        "REVOKE UPDATE (reached_at, reach_ms, reach_error) ON remote_servers FROM xerus_worker"
    )
    op.execute(
        "ALTER TABLE remote_servers DROP COLUMN away_since, DROP COLUMN reach_failures,"
        " DROP COLUMN reach_after"
    )
    op.execute("RESET ROLE")
