"""Wrapped keys may be wrapped anew: by another provider, or by a newer version of its key."""

from alembic import op

revision = "0020"
down_revision = "0019"

_TABLES = "data_keys, purpose_keys, signing_keys"


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("GRANT UPDATE (wrapped, reference) ON " + _TABLES + " TO xerus_gate")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    op.execute("REVOKE UPDATE (wrapped, reference) ON " + _TABLES + " FROM xerus_gate")
    op.execute("RESET ROLE")
