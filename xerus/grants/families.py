"""Token families: everything that came from one consent, listed and ended together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.grants import consents, store
from xerus.ids import FamilyId, UserId

CHANNEL = "xerus_grant"
Cause = Literal[
    "code_replayed",
    "refresh_replayed",
    "wrong_client",
    "revoked_by_client",
    "revoked_by_owner",
    "revoked_by_administrator",
    "client_removed",
    "identity_provider_refused",
]


@dataclass(frozen=True, kw_only=True)
class FamilyRow:
    """A grant as its owner sees it in a list."""

    id: FamilyId
    client_id: str
    client_name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    created_at: datetime
    used_at: datetime | None


class Families:
    """Lists and revokes families."""

    def __init__(self, *, db: Database, audit: AuditLog, clock: Clock) -> None:
        self._db = db
        self._audit = audit
        self._clock = clock
        self._revoked: list[Callable[[str], None]] = []
        self._ended: dict[Connection, list[str]] = {}

    def on_revoked(self, handler: Callable[[str], None]) -> None:
        """Call `handler` with the id of each family that this process revoked.

        Other processes hear of it by notification, a few milliseconds later.
        """
        self._revoked.append(handler)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Begin a transaction in which `revoke` may be called."""
        async with self._db.transaction(Role.GATE) as conn:
            ended = self._ended[conn] = []
            try:
                yield conn
            finally:
                del self._ended[conn]
        for family_id in ended:
            for handler in self._revoked:
                handler(family_id)

    async def of(self, user_id: UserId) -> list[FamilyRow]:
        """Return the live grants of a person, the last used first."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rows = await store.families_of(conn, user_id)
        return [
            FamilyRow(
                id=FamilyId(str(row["id"])),
                client_id=row["client_id"],
                client_name=row["client_name"],
                redirect_uris=tuple(row["redirect_uris"]),
                scopes=frozenset(row["scopes"]),
                created_at=row["created_at"],
                used_at=row["used_at"],
            )
            for row in rows
        ]

    async def end(self, family_id: FamilyId, user_id: UserId) -> None:
        """Revoke a grant of this person; before its client gets another one, they are asked.

        Raises:
            NotFound: it is not theirs, or over already.
        """
        client_id = {row.id: row.client_id for row in await self.of(user_id)}.get(family_id)
        if client_id is None:
            raise NotFound("This grant is over already.", hint="Reload the page.")
        async with self.transaction() as conn:
            await self.revoke(conn, family_id, "revoked_by_owner")
            await consents.forget_client(conn, user_id, client_id)

    async def end_all(self, user_id: UserId) -> None:
        """Revoke every grant of a person, because an administrator wants it; all ask them again."""
        async with self.transaction() as conn:
            await consents.forget_all(conn, user_id)
            for family_id in await store.unrevoked_of(conn, user_id):
                await self.revoke(conn, family_id, "revoked_by_administrator")

    async def count_of(self, user_ids: Sequence[UserId]) -> dict[str, int]:
        """Return how many clients' grants of each of these people live, of those who have any."""
        async with self._db.transaction(Role.GATE) as conn:
            return await store.count_of(conn, user_ids)

    async def end_by_client(self, family_id: FamilyId) -> None:
        """Revoke a grant because its client asked for it (RFC 7009)."""
        async with self.transaction() as conn:
            await self.revoke(conn, family_id, "revoked_by_client")

    async def revoke(self, conn: Connection, family_id: str, cause: Cause) -> None:
        """Revoke a family in a transaction of `transaction`; all processes hear at its commit."""
        row = await store.revoke_family(conn, family_id, cause, self._clock.now())
        if row is None:
            return
        self._ended[conn].append(family_id)
        await notify(conn, CHANNEL, family_id)
        await self._audit.record(
            conn,
            Event.FAMILY_REVOKED,
            user_id=UserId(str(row["user_id"])),
            client=row["client_id"],
            cause=cause,
            family=family_id,
        )
