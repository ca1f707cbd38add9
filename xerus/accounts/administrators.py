"""Whoever ends another person's access administers at that very moment, so that one always remains."""

from xerus.accounts import people_store, store
from xerus.accounts.users import AdminRule
from xerus.db.database import Connection
from xerus.errors import Forbidden
from xerus.ids import UserId


async def require(conn: Connection, admins: AdminRule, by: UserId) -> None:
    """Let changes of who administers run one after the other, and `by` still be one of them.

    Nobody ends their own access, so that after each such change its author is left.

    Raises:
        Forbidden: another administrator was faster.
    """
    await people_store.serialize_administrators(conn)
    rows = await store.named_administrators(conn)
    if by not in {
        user.id for user in (store.user_from(row, admins) for row in rows) if user.is_admin
    }:
        raise Forbidden(
            "You do not administer Xerus any more, so nothing was done.",
            hint="Another administrator has just taken that away.",
        )
