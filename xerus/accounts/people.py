"""Everybody who has signed in, for administrators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from xerus.accounts import store
from xerus.accounts.users import AdminRule
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.ids import UserId, is_id

MOST = 1_000
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person in the list of administrators."""

    id: UserId
    name: str
    email: str
    is_admin: bool
    last_seen_at: datetime | None


class People:
    """Lists people; who may see the list is for the caller to check."""

    def __init__(self, *, db: Database, admins: AdminRule) -> None:
        self._db = db
        self._admins = admins

    async def found(self, words: str = "") -> list[PersonRow]:
        """Return whose name or e-mail has these words, the last seen first; at most `MOST`."""
        clean = words.replace("\x00", "")[:_LONGEST]
        async with self._db.transaction(Role.GATE) as conn:
            return [self._row(row) for row in await store.people(conn, clean, most=MOST)]

    async def named(self, user_ids: Collection[UserId]) -> dict[UserId, PersonRow]:
        """Return those of these people that there are; not when they were last seen."""
        if not user_ids:
            return {}
        async with self._db.transaction(Role.GATE) as conn:
            rows = [self._row(row) for row in await store.people_of(conn, user_ids)]
        return {row.id: row for row in rows}

    async def get(self, user_id: str) -> PersonRow:
        """Return a person.

        Raises:
            NotFound: there is none with this id.
        """
        row = None
        if is_id(user_id):
            async with self._db.transaction(Role.GATE) as conn:
                row = await store.find_user(conn, UserId(user_id))
        if row is None:
            raise NotFound("There is no such person.", hint="Look at the list under Admin.")
        return self._row(row)

    def _row(self, row: store.Row) -> PersonRow:
        user = store.user_from(row, self._admins)
        return PersonRow(
            id=user.id,
            name=user.name,
            email=user.email,
            is_admin=user.is_admin,
            last_seen_at=row.get("last_seen_at"),
        )
