"""What administrators see of everybody: never a token, a conversation or the text of an issue."""

from collections.abc import Mapping, Sequence

from xerus.accounts.people import People
from xerus.app.foundation import Foundation
from xerus.app.heartbeat import ProcessRow, processes
from xerus.assistant.model_use import ModelUse
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.shared_points import SharedPoints
from xerus.audit.use import ToolUse
from xerus.connections import overview
from xerus.connections.cloud import GRANT_LIFE
from xerus.connections.health import WARN_BEFORE
from xerus.connections.links import Link
from xerus.connections.overview import Cause, Concerned, SharedAccount
from xerus.db.roles import Role
from xerus.keys import store as signing
from xerus.remotes import overview as servers
from xerus.vault import store as vault
from xerus.vault.store import KeyRow


class Administration:
    """Implements `web.deps.AdminService`; who may look is for the pages to check."""

    def __init__(
        self,
        *,
        base: Foundation,
        people: People,
        limits: AtlassianLimits,
        points: SharedPoints,
    ) -> None:
        self._db = base.db
        self._clock = base.clock
        self.people = people.found
        self.named = people.named
        self.atlassian_usage = points.usage
        self.atlassian_held = limits.held
        self.use = ToolUse(db=base.db, clock=base.clock)
        self.model_use = ModelUse(db=base.db, clock=base.clock)

    async def connection_states(self) -> Mapping[tuple[Link, str], int]:
        """Return how many connections are in each state."""
        now = self._clock.now()
        async with self._db.transaction(Role.WORKER) as conn:
            return await overview.states(conn, now, now + WARN_BEFORE - GRANT_LIFE)

    async def server_states(self) -> Sequence[tuple[str, str, int]]:
        """Return how many connections to each MCP server are in each state."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await servers.states(conn, self._clock.now())

    async def causes(self) -> Sequence[Cause]:
        """Return why connections fail at present."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await overview.causes(conn)

    async def concerned(self, link: Link, code: str) -> Sequence[Concerned]:
        """Return whom a cause concerns."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await overview.concerned(conn, link, code)

    async def shared_accounts(self) -> Sequence[SharedAccount]:
        """Return the Atlassian accounts that several people use."""
        async with self._db.transaction(Role.WORKER) as conn:
            return await overview.shared_accounts(conn)

    async def keys(self) -> Sequence[KeyRow]:
        """Return the data keys with what is on each, then the signing keys."""
        async with self._db.transaction(Role.WORKER) as conn:
            on_each = await vault.count_sealed(conn)
        async with self._db.transaction(Role.GATE) as conn:
            rows = await vault.key_rows(conn, on_each)
            schedule = await signing.signing_keys(conn)
        now = self._clock.now()
        active = max(
            (row["signs_from"] for row in schedule if row["signs_from"] <= now), default=now
        )
        return [
            *rows,
            *(
                KeyRow(
                    kind="signing",
                    name=row["kid"],
                    state="waiting"
                    if row["signs_from"] > now
                    else "active"
                    if row["signs_from"] == active
                    else "verify_only",
                    since=row["signs_from"],
                )
                for row in reversed(schedule)
            ),
        ]

    async def processes(self) -> Sequence[ProcessRow]:
        """Return the processes that run, with their gates."""
        return await processes(self._db, self._clock.now())
