"""Clients as administrators see all of them, add some and end what is not the operator's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
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

_MOST_LISTED = 200
_MOST_REDIRECTS = 10


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
class ClientList:
    """The clients that are shown, and how many there are."""

    rows: Sequence[ClientRow]
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
    ) -> None:
        self._clients = clients
        self._db = db
        self._audit = audit
        self._policy = policy
        self._families = families

    async def all(self) -> ClientList:
        """Return the clients that people registered, then the others, the last used first."""
        async with self._db.transaction(Role.GATE) as conn:
            rows = await client_store.listed(conn, most=_MOST_LISTED)
        return ClientList(rows=[_row(row) for row in rows], total=rows[0]["total"] if rows else 0)

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
