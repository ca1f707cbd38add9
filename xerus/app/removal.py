"""Removing a person: everything of theirs but the audit trail, in one transaction."""

from collections.abc import Callable

from xerus.accounts import administrators, store
from xerus.accounts.people import no_such_person
from xerus.accounts.sessions import CHANNEL as SESSIONS
from xerus.accounts.users import AdminRule
from xerus.assistant import removal as conversations
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.connections import removal as connections
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import Forbidden
from xerus.grants.families import CHANNEL as GRANTS
from xerus.ids import UserId
from xerus.remotes import removal as remotes


class Removal:
    """Removes people; who may do that is for the caller to check."""

    def __init__(
        self,
        *,
        db: Database,
        audit: AuditLog,
        admins: AdminRule,
        forget: Callable[[UserId], None],
    ) -> None:
        """Make one; `forget` drops what this process remembers of a person."""
        self._db = db
        self._audit = audit
        self._admins = admins
        self._forget = forget

    async def remove(self, user_id: UserId, *, by: UserId) -> None:
        """Erase a person, and end their sessions, tokens, calls and answers at the commit.

        Raises:
            Forbidden: nobody removes themself by accident.
            NotFound: there is no such person.
        """
        if user_id == by:
            raise Forbidden(
                "You cannot remove yourself, so nothing was done.",
                hint="Another administrator can remove you.",
            )
        async with self._db.transaction(Role.GATE) as conn:
            await administrators.require(conn, self._admins, by)
            await connections.erase(conn, user_id)
            await remotes.erase(conn, user_id)
            await conversations.erase(conn, user_id)
            # Sessions, grants, consents and the provider's token go with the row.
            person = await store.delete_user(conn, user_id)
            if person is None:
                raise no_such_person()
            for channel in (SESSIONS, GRANTS):
                await notify(conn, channel, user_id)
            await self._audit.record(
                conn, Event.PERSON_REMOVED, user_id=by, person=user_id, tenant=person["tenant"]
            )
        self._forget(user_id)

    async def sweep(self) -> None:
        """Erase what requests under way wrote for people while they were being removed."""
        async with self._db.transaction(Role.GATE) as conn:
            await connections.erase_of_nobody(conn)
            await remotes.erase_of_nobody(conn)
            await conversations.erase_of_nobody(conn)
