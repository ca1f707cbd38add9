"""Everybody who has signed in, for administrators."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from xerus.accounts import people_store, store
from xerus.accounts.users import AdminRule
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.ids import UserId, is_id

PAGE = 50
MOST = 1_000
_MOST_PAGES = 10_000
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person in the list of administrators.

    Attributes:
        is_local: the administrator of an installation without identity provider.
        disabled_at: since when an administrator keeps them out.
        sessions: how many browsers are signed in.
    """

    id: UserId
    name: str
    email: str
    is_admin: bool
    is_local: bool = False
    last_seen_at: datetime | None = None
    disabled_at: datetime | None = None
    sessions: int = 0

    @property
    def called(self) -> str:
        """What to call them."""
        return self.name or self.email or self.id


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which people are asked for: `words` in name or e-mail, `page` from 1."""

    words: str = ""
    only_disabled: bool = False
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class PeopleList:
    """The people of one page, which page that is, and how many people fit."""

    rows: Sequence[PersonRow]
    total: int
    page: int


class People:
    """Lists people; who may see the list is for the caller to check."""

    def __init__(self, *, db: Database, admins: AdminRule, clock: Clock) -> None:
        self._db = db
        self._admins = admins
        self._clock = clock

    async def found(self, words: str = "") -> list[PersonRow]:
        """Return whose name or e-mail has these words, the last seen first; at most `MOST`."""
        return [self._row(row) for row in await self._found(Wanted(words=words), most=MOST)]

    async def page(self, wanted: Wanted) -> PeopleList:
        """Return a page of the people who fit; where it is beyond the last, the first."""
        page = min(max(wanted.page, 1), _MOST_PAGES)
        rows = await self._found(wanted, most=PAGE, skipped=(page - 1) * PAGE)
        if not rows and page > 1:
            page, rows = 1, await self._found(wanted, most=PAGE)
        total = rows[0]["total"] if rows else 0
        return PeopleList(rows=[self._row(row) for row in rows], total=total, page=page)

    async def named(self, user_ids: Collection[UserId]) -> dict[UserId, PersonRow]:
        """Return those of these people that there are; not when they were last seen."""
        if not user_ids:
            return {}
        async with self._db.transaction(Role.GATE) as conn:
            rows = [self._row(row) for row in await people_store.people_of(conn, user_ids)]
        return {row.id: row for row in rows}

    async def get(self, user_id: str) -> PersonRow:
        """Return a person.

        Raises:
            NotFound: there is none with this id.
        """
        rows = await self._found(Wanted(), most=1, user_id=user_id) if is_id(user_id) else []
        if not rows:
            raise no_such_person()
        return self._row(rows[0])

    async def _found(
        self, wanted: Wanted, *, most: int, skipped: int = 0, user_id: str | None = None
    ) -> list[store.Row]:
        async with self._db.transaction(Role.GATE) as conn:
            return await people_store.found(
                conn,
                now=self._clock.now(),
                most=most,
                words=wanted.words.replace("\x00", "")[:_LONGEST],
                only_disabled=wanted.only_disabled,
                skipped=skipped,
                user_id=UserId(user_id) if user_id else None,
            )

    def _row(self, row: store.Row) -> PersonRow:
        user = store.user_from(row, self._admins)
        return PersonRow(
            id=user.id,
            name=user.name,
            email=user.email,
            is_admin=user.is_admin,
            is_local=user.is_local,
            last_seen_at=row.get("last_seen_at"),
            disabled_at=row["disabled_at"],
            sessions=row.get("sessions", 0),
        )


def no_such_person() -> NotFound:
    """Return what an administrator reads of somebody who is not there, or no more."""
    return NotFound("There is no such person.", hint="Look at the list under Admin, People.")
