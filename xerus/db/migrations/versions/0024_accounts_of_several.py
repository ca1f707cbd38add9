"""Whether several people use one Atlassian account is found by the account."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute(
        "CREATE INDEX connections_account ON connections (link, account_id)"
        " WHERE status NOT IN ('disconnected', 'replaced')"
    )
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("DROP INDEX connections_account")
    op.execute("RESET ROLE")
