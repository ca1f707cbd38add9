"""Keeping a person out, and letting them in again."""

from collections.abc import Callable

from xerus.accounts import administrators, people_store, store
from xerus.accounts.people import no_such_person
from xerus.accounts.sessions import CHANNEL as SESSIONS
from xerus.accounts.users import LOCAL_TENANT, AdminRule
from xerus.assistant.ending import stop_answers
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections.signals import ENDED
from xerus.db.database import Connection, Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import Forbidden
from xerus.grants.families import CHANNEL as GRANTS
from xerus.ids import UserId


class Disabling:
    """Turns the access of people off and on; who may do that is for the caller to check."""

    def __init__(
        self,
        *,
        db: Database,
        audit: AuditLog,
        admins: AdminRule,
        forget: Callable[[UserId], None],
        clock: Clock,
    ) -> None:
        """Make one; `forget` drops what this process remembers of a person."""
        self._db = db
        self._audit = audit
        self._admins = admins
        self._forget = forget
        self._clock = clock

    async def disable(self, user_id: UserId, *, by: UserId) -> None:
        """End a person's sessions, grants, calls and answers everywhere, and refuse their sign-in.

        Raises:
            Forbidden: nobody keeps out themself, or the way in on the machine itself.
            NotFound: there is no such person.
        """
        if user_id == by:
            raise Forbidden(
                "You cannot turn off your own access, so nothing was done.",
                hint="Another administrator can.",
            )
        async with self._db.transaction(Role.GATE) as conn:
            await administrators.require(conn, self._admins, by)
            if (await _row(conn, user_id))["tenant"] == LOCAL_TENANT:
                raise Forbidden(
                    "The local administrator cannot be turned off, so nothing was done.",
                    hint="It signs in only while no identity provider is configured.",
                )
            if await people_store.disable(conn, user_id, self._clock.now()):
                for channel in (SESSIONS, GRANTS, ENDED):
                    await notify(conn, channel, user_id)
                await stop_answers(conn, user_id)
                await self._record(conn, Event.PERSON_DISABLED, user_id, by)
        self._forget(user_id)

    async def enable(self, user_id: UserId, *, by: UserId) -> None:
        """Let a person sign in again; what was made for them before stays void.

        Raises:
            NotFound: there is no such person.
        """
        async with self._db.transaction(Role.GATE) as conn:
            await administrators.require(conn, self._admins, by)
            await _row(conn, user_id)
            if await people_store.enable(conn, user_id, self._clock.now()):
                await self._record(conn, Event.PERSON_ENABLED, user_id, by)

    async def _record(self, conn: Connection, event: Event, user_id: UserId, by: UserId) -> None:
        await self._audit.record(conn, event, user_id=by, person=user_id)


async def _row(conn: Connection, user_id: UserId) -> store.Row:
    row = await store.find_user(conn, user_id)
    if row is None:
        raise no_such_person()
    return row
