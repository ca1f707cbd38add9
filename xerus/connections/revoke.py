"""Disconnecting: our copy of the tokens is erased and what runs is ended at once, in every process.

Atlassian has no endpoint to revoke such a grant. On Cloud the person can remove the app at
id.atlassian.com under connected apps, and an access token already issued lives up to an hour.
"""

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows, store
from xerus.connections.links import Link
from xerus.connections.running import Running
from xerus.connections.signals import CREDENTIAL, ENDED, FLOW
from xerus.connections.tables import tables_of
from xerus.connections.tokens import LiveConnections
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.ids import UserId


class Revoke:
    """Ends connections."""

    def __init__(
        self,
        *,
        link: Link,
        db: Database,
        live: LiveConnections,
        running: Running,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._link = link
        self._db = db
        self._live = live
        self._running = running
        self._audit = audit
        self._clock = clock

    async def disconnect(self, user_id: UserId, *, by_administrator: bool = False) -> None:
        """Erase the tokens, end the calls under way and cancel every attempt to connect."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.serialize(conn, user_id)
            for flow_id in await flows.cancel_all(conn, user_id, tables_of(self._link)):
                await notify(conn, FLOW, flow_id)
            ended = await store.end(conn, user_id, self._link, self._clock.now())
            if ended is not None:
                connection_id, email = ended
                await notify(conn, CREDENTIAL, connection_id)
                await notify(conn, ENDED, connection_id)
                await self._audit.record(
                    conn,
                    Event.ACCOUNT_DISCONNECTED,
                    user_id=user_id,
                    account=email,
                    **({"cause": "ended_by_administrator"} if by_administrator else {}),
                )
        if ended is not None:
            self._live.drop(ended[0])
            self._running.end(ended[0])
