"""What becomes of grants whose renewal was killed: renewed, or shown as to be connected again."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.grants import Grant, Process
from xerus.db.roles import Role

DYING = "dying"
"""The client id of who is killed."""
_LOSABLE = {"answer sent, not read", "answer read", "written, not committed", ""}
"""Where the provider has rotated and nobody else has the pair; a random moment may be there."""
_SHOWN_WITHIN = 60.0
_LOOK_EVERY = 0.5


@dataclass(frozen=True)
class _Death:
    number: int
    point: str
    was_written: bool
    at: float


class Aftermath:
    """Watches so many killed renewals until a worker has dealt with each."""

    def __init__(self, worker: Process, endpoint: TokenEndpoint, deaths: int) -> None:
        self._worker = worker
        self._endpoint = endpoint
        self._deaths = deaths
        self._open: dict[str, _Death] = {}
        self._ends: Counter[tuple[str, str]] = Counter()
        self._moments: Counter[str] = Counter()
        self._slowest = 0.0

    @property
    def sofar(self) -> str:
        settled = self._ends.total()
        return f"{settled + len(self._open)} of {self._deaths} kills, {settled} settled"

    async def add(self, grant: Grant, point: str) -> None:
        """Let the token of a grant be over whose renewal was killed, and watch it from now on."""
        was_written = await self._worker.generation(grant) > 1
        await self._worker.make_due(grant)
        now = asyncio.get_running_loop().time()
        self._open[grant.connection_id] = _Death(grant.number, point, was_written, now)

    async def watch(self) -> None:
        """Return when all are renewed or shown; each may take a minute."""
        clock = asyncio.get_running_loop()
        while self._ends.total() < self._deaths:
            await asyncio.sleep(_LOOK_EVERY)
            for connection_id, end in (await self._settled()).items():
                death = self._open.pop(connection_id)
                self._slowest = max(self._slowest, clock.time() - death.at)
                self._ends[death.point, end] += 1
                self._moments[self._moment(death)] += 1
            late = [d.point for d in self._open.values() if clock.time() - d.at > _SHOWN_WITHIN]
            assert not late, f"neither renewed nor shown in {_SHOWN_WITHIN:.0f} s: {late}"

    def _moment(self, death: _Death) -> str:
        if death.was_written:
            return "after the commit"
        # Known by now only: a request may arrive when its sender is dead already.
        return (
            "in between" if (death.number, DYING) in self._endpoint.askers else "before the request"
        )

    async def _settled(self) -> dict[str, str]:
        async with self._worker.db.transaction(Role.WORKER) as conn:
            cursor = await conn.execute(
                "SELECT c.id::text AS id, c.status = 'needs_reconnect' AS shown"
                " FROM connections c JOIN credentials k"
                " ON k.user_id = c.user_id AND k.connection_id = c.id"
                " WHERE c.id = ANY(%s::uuid[]) AND (c.status = 'needs_reconnect'"
                " OR k.access_expires_at > now() AND k.lease_until IS NULL)",
                (list(self._open),),
            )
            rows = await cursor.fetchall()
        return {row["id"]: "reconnect" if row["shown"] else "renewed" for row in rows}

    def judged(self, grace: float) -> str:
        """Say what was lost; fails where something was that need not have been."""
        lost = {point: n for (point, end), n in self._ends.items() if end == "reconnect"}
        assert not (grace and lost), f"lost although the provider has a grace: {lost}"
        assert lost.keys() <= _LOSABLE, f"lost without need: {lost}"
        losses = ", ".join(f"{n} x {point or 'at random'}" for point, n in lost.items())
        moments = ", ".join(f"{n} {moment}" for moment, n in self._moments.most_common())
        return (
            f"{self._deaths} kills, lost {sum(lost.values())}{f' ({losses})' if lost else ''}, each "
            f"renewed or shown within {self._slowest:.0f} s, no row deleted; killed {moments}"
        )
