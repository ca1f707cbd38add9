"""Everybody who has signed in, for administrators."""

from dataclasses import dataclass
from datetime import datetime

from xerus.accounts import store
from xerus.accounts.users import AdminRule
from xerus.db.database import Database
from xerus.db.roles import Role


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person in the list of administrators."""

    name: str
    email: str
    is_admin: bool
    last_seen_at: datetime | None


class People:
    """Lists people; who may see the list is for the caller to check."""

    def __init__(self, *, db: Database, admins: AdminRule) -> None:
        self._db = db
        self._admins = admins

    async def all(self) -> list[PersonRow]:
        """Return everybody who has signed in, the last seen first; at most 1,000."""
        async with self._db.transaction(Role.GATE) as conn:
            rows = await store.people(conn)
        return [
            PersonRow(
                name=row["name"],
                email=row["email"],
                is_admin=store.user_from(row, self._admins).is_admin,
                last_seen_at=row["last_seen_at"],
            )
            for row in rows
        ]
