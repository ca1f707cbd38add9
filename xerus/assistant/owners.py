"""Whether the process that answers in a conversation still lives.

Each process holds an advisory lock of its own on the connection that LISTENs. The kernel closes
that connection with the process, however it ends, and PostgreSQL lets go of the lock at once: no
heartbeat has to run out first.
"""

import secrets
from datetime import datetime, timedelta

from xerus.clock import Clock
from xerus.db.database import Connection
from xerus.db.notify import Listener

_SETTLING = timedelta(seconds=10)
"""After a restart of the database the others need a moment to take their locks again."""
_BITS = 62


class Owners:
    """Names this process, and tells which others are gone. Construct it before the listener starts."""

    def __init__(self, *, listener: Listener, clock: Clock) -> None:
        self.own = secrets.randbits(_BITS)
        self._listener = listener
        self._clock = clock
        self._lost_at: datetime | None = None
        listener.hold(self.own)
        listener.on_reconnect(self._reconnected)

    async def is_gone(self, conn: Connection, owner: int | None) -> bool:
        """Whether a process has ended. False where that cannot be known for certain."""
        if owner is None or owner == self.own or not self._trusts_locks():
            return False
        # Shared by its owner, who may hold it on an old and a new connection at once.
        found = await conn.execute("SELECT pg_try_advisory_xact_lock(%s) AS free", (owner,))
        row = await found.fetchone()
        return bool(row and row["free"])

    def _trusts_locks(self) -> bool:
        if not self._listener.connected:
            return False
        return self._lost_at is None or self._clock.now() - self._lost_at > _SETTLING

    def _reconnected(self) -> None:
        self._lost_at = self._clock.now()
