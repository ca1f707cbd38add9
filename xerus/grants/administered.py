"""Clients as administrators see all of them, add some and end what is not the operator's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import InvalidInput, NotFound
from xerus.grants import client_store
from xerus.grants.clients import Clients, Issued, Metadata, Source, client_of, plausible, row_of
from xerus.grants.families import Families
from xerus.grants.removal import remove
from xerus.ids import UserId, new_secret, secret_hash
from xerus.oauth import client_name, scopes
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy

PAGE = 50
UNUSED_AFTER = timedelta(days=30)
_MOST_REDIRECTS = 10
_MOST_AT_ONCE = 200
_MOST_PAGES = 10_000
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class ClientRow:
    """A client in the list of administrators; `people` is how many gave it a grant that lives."""

    id: str
    name: str
    source: Source
    confidential: bool
    redirect_uris: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None
    people: int

    @property
    def may_be_removed(self) -> bool:
        """Whether an administrator may delete it; the operator's file alone ends what it lists."""
        return self.source != "file"

    @property
    def may_get_secret(self) -> bool:
        """Whether an administrator may give it a new secret."""
        return self.source == "administrator" and self.confidential


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which clients are asked for.

    Attributes:
        words: in the name, the id or the host of a redirect address.
        order: who was used last comes first, or who registered last.
        page: 1 is the first.
    """

    words: str = ""
    source: Source | None = None
    never_used: bool = False
    order: Literal["used", "registered"] = "used"
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class ClientList:
    """The clients of one page, which page that is, and how many clients fit."""

    rows: Sequence[ClientRow]
    total: int
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class Unused:
    """Registrations older than `before` that nobody ever used: some names, and how many."""

    before: datetime
    names: Sequence[str]
    total: int


class CannotBeAdded(InvalidInput):
    """What somebody entered makes no client; `mistakes` are all of them, in words."""

    code = "client_refused"

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__(" ".join(mistakes), hint="Correct it and send it again.")
        self.mistakes = tuple(mistakes)


class AdministeredClients:
    """Lists, adds and ends clients; who may do that is for the caller to check."""

    def __init__(
        self,
        *,
        clients: Clients,
        db: Database,
        audit: AuditLog,
        policy: RedirectPolicy,
        families: Families,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._db = db
        self._audit = audit
        self._policy = policy
        self._families = families
        self._clock = clock

    async def found(self, wanted: Wanted) -> ClientList:
        """Return a page of the clients that fit; where it is beyond the last, the first."""
        words = wanted.words.replace("\x00", "")[:_LONGEST]
        page = min(max(wanted.page, 1), _MOST_PAGES)
        async with self._db.transaction(Role.GATE) as conn:
            rows = await client_store.listed(
                conn,
                most=PAGE,
                words=words,
                source=wanted.source,
                never_used=wanted.never_used,
                by_use=wanted.order == "used",
                skipped=(page - 1) * PAGE,
            )
        if not rows and page > 1:
            return await self.found(replace(wanted, page=1))
        total = rows[0]["total"] if rows else 0
        return ClientList(rows=[_row(row) for row in rows], total=total, page=page)

    async def unused(self) -> Unused:
        """Return which registrations nobody used, of those older than 30 days."""
        before = self._clock.now() - UNUSED_AFTER
        async with self._db.transaction(Role.GATE) as conn:
            rows = await client_store.never_used(conn, before=before, most=_MOST_AT_ONCE)
        return Unused(
            before=before,
            names=[row["name"] for row in rows],
            total=rows[0]["total"] if rows else 0,
        )

    async def remove_unused(self, before: datetime, *, by: UserId) -> int:
        """Delete what nobody used of what registered before; return how many, 200 at most.

        What somebody began to use since it was listed stays, and so does what is younger than 30 days.
        """
        before = min(before, self._clock.now() - UNUSED_AFTER)
        removed = 0
        async with self._families.transaction() as conn:
            for row in await client_store.never_used(conn, before=before, most=_MOST_AT_ONCE):
                removed += await remove(
                    conn, row["id"], "never_used", families=self._families, audit=self._audit, by=by
                )
        return removed

    async def get(self, client_id: str) -> ClientRow:
        """Return a client.

        Raises:
            NotFound: there is none with this id.
        """
        async with self._db.transaction(Role.GATE) as conn:
            rows = (
                await client_store.listed(conn, most=1, client_id=client_id)
                if plausible(client_id)
                else []
            )
        if not rows:
            raise _not_there()
        return _row(rows[0])

    async def add(
        self, name: str, redirect_uris: Sequence[str], *, confidential: bool, by: UserId
    ) -> Issued:
        """Register a client in an administrator's name; a confidential one gets a secret.

        Raises:
            CannotBeAdded: name or addresses cannot be used.
        """
        mistakes = [*_mistakes(name, redirect_uris), *self._refused(redirect_uris)]
        if mistakes:
            raise CannotBeAdded(mistakes)
        return await self._clients.register(
            Metadata(
                name=name,
                auth_method="client_secret_basic" if confidential else "none",
                redirect_uris=tuple(dict.fromkeys(redirect_uris)),
                scopes=scopes.ALL,
            ),
            source="administrator",
            by=by,
        )

    def _refused(self, redirect_uris: Sequence[str]) -> list[str]:
        refused = []
        for uri in redirect_uris:
            try:
                self._policy.check(uri)
            except OAuthError as error:
                refused.append(f"{error.description}.")
        return refused

    async def new_secret(self, client_id: str, *, by: UserId) -> Issued:
        """Give a client another secret; the one before is refused from then on.

        Raises:
            NotFound: there is none with this id that an administrator registered with a secret.
        """
        secret = SecretStr(new_secret())
        async with self._db.transaction(Role.GATE) as conn:
            row = await client_store.lock(conn, client_id) if plausible(client_id) else None
            if row is None or row["source"] != "administrator" or row["secret_hash"] is None:
                raise _not_there()
            hashed = secret_hash(secret.get_secret_value())
            client = client_of({**row, "secret_hash": hashed})
            await client_store.update(conn, row_of(client))
            await self._audit.record(
                conn,
                Event.SECRET_REPLACED,
                user_id=by,
                client=client_id,
                client_name=client.name,
                kind=client.source,
            )
        return Issued(client=client, secret=secret, management_token=None)

    async def remove(self, client_id: str, *, by: UserId) -> None:
        """Delete a client, and end all its grants everywhere.

        Raises:
            NotFound: there is none with this id, or only the operator's file may end it.
        """
        async with self._families.transaction() as conn:
            done = plausible(client_id) and await remove(
                conn,
                client_id,
                "removed_by_administrator",
                families=self._families,
                audit=self._audit,
                by=by,
            )
        if not done:
            raise _not_there()


def _mistakes(name: str, redirect_uris: Sequence[str]) -> list[str]:
    found = []
    if not client_name.is_clean(name):
        longest = client_name.LONGEST
        found.append(f"The name must be 1 to {longest} characters that can be seen, on one line.")
    if not 0 < len(redirect_uris) <= _MOST_REDIRECTS:
        found.append(f"Enter at least one redirect address, and at most {_MOST_REDIRECTS}.")
    return found


def _row(row: client_store.Row) -> ClientRow:
    return ClientRow(
        id=row["id"],
        name=row["name"],
        source=row["source"],
        confidential=row["auth_method"] != "none",
        redirect_uris=tuple(row["redirect_uris"]),
        created_at=row["created_at"],
        used_at=row["used_at"],
        people=row["people"],
    )


def _not_there() -> NotFound:
    return NotFound(
        "There is no such client that could be changed here.",
        hint="Open Admin, then MCP clients, and look at the list.",
    )
