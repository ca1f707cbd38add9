"""Each process tells the others that it runs, and how its gates stand; administrators read it.

What a gate knows it knows in one process only, so this is the one place that shows all of them.
"""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from xerus.app.roles import Role as ProcessRole
from xerus.clock import Clock
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import new_id
from xerus.worker.loops import Loop

_EVERY_SECONDS = 10.0
_SILENT = timedelta(minutes=1)
"""A process that says nothing for so long is gone, or cannot reach the database."""
_FORGET = timedelta(hours=1)
_MOST_SHOWN = 200

_TELL = """
WITH gone AS (DELETE FROM processes WHERE seen_at < %(now)s - %(forget)s::interval)
INSERT INTO processes (id, place, roles, started_at, seen_at, listens, gates)
VALUES (%(id)s, %(place)s, %(roles)s, %(started)s, %(now)s, %(listens)s, %(gates)s)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, listens = excluded.listens,
    gates = excluded.gates
"""


@dataclass(frozen=True, kw_only=True)
class ProcessRow:
    """A process as it was when it was heard of last.

    `gates` has for each link how many renewals are under way, and whether its token endpoint is
    asked at present; `is_silent` where it has not been heard of for a minute.
    """

    place: str
    roles: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    is_silent: bool
    listens: bool
    gates: Mapping[str, tuple[int, bool]]


class Heartbeat:
    """Keeps the row of this process true; `loop` writes it every ten seconds."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        roles: frozenset[ProcessRole],
        listener: Listener,
        links: Mapping[Link, Connections],
    ) -> None:
        self._db = db
        self._clock = clock
        self._roles = sorted(roles)
        self._listener = listener
        self._links = links
        self._id = new_id()
        self._started_at = clock.now()
        self.loop = Loop(name="heartbeat", every_seconds=_EVERY_SECONDS, run=self.tell)

    async def leave(self) -> None:
        """Take the row away: this process ends."""
        with contextlib.suppress(Unavailable):
            async with self._db.transaction(Role.GATE) as conn:
                await conn.execute("DELETE FROM processes WHERE id = %s", (self._id,))

    async def tell(self) -> int:
        """Write the row; return 0, as a loop that need not hurry does.

        Raises:
            Unavailable: the database does not answer.
        """
        gates = {
            link.value: [one.gate.in_flight, one.gate.is_open] for link, one in self._links.items()
        }
        values = {
            "id": self._id,
            "place": f"{socket.gethostname()} {os.getpid()}",
            "roles": self._roles,
            "started": self._started_at,
            "now": self._clock.now(),
            "forget": _FORGET,
            "listens": self._listener.connected,
            "gates": Jsonb(gates),
        }
        async with self._db.transaction(Role.GATE) as conn:
            await conn.execute(_TELL, values)
        return 0


async def processes(db: Database, now: datetime) -> list[ProcessRow]:
    """Return the processes that were heard of within the hour, at most 200."""
    async with db.transaction(Role.GATE) as conn:
        found = await conn.execute(
            "SELECT * FROM processes WHERE seen_at >= %s ORDER BY place, started_at LIMIT %s",
            (now - _FORGET, _MOST_SHOWN),
        )
        rows = await found.fetchall()
    return [
        ProcessRow(
            place=row["place"],
            roles=tuple(row["roles"]),
            started_at=row["started_at"],
            seen_at=row["seen_at"],
            is_silent=now - row["seen_at"] > _SILENT,
            listens=row["listens"],
            gates={link: (busy, is_open) for link, (busy, is_open) in row["gates"].items()},
        )
        for row in rows
    ]
