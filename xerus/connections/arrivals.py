"""Returns from an authorization server: each state counts once, in the session that began it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import flows
from xerus.connections.flows import Claimed
from xerus.connections.problems import problem_of
from xerus.connections.signals import FLOW, Signals
from xerus.connections.tables import Tables
from xerus.connections.views import FlowStatus, FlowView, Problem
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import InvalidInput, UpstreamRefused, XerusError
from xerus.ids import SessionId, UserId, secret_hash
from xerus.telemetry.logs import logger
from xerus.telemetry.trace import current_correlation_id

log = logger(__name__)

_DUPLICATE_WAIT_SECONDS = 30.0

Finish = Callable[[Claimed, Mapping[str, str]], Awaitable[None]]


class Arrivals:
    """Claims attempts to connect, has them finished, and notes how they ended."""

    def __init__(
        self,
        *,
        db: Database,
        tables: Tables,
        audit: AuditLog,
        signals: Signals,
        clock: Clock,
        facts: Mapping[str, Fact] | None = None,
        exchanges: set[asyncio.Task[None]] | None = None,
    ) -> None:
        """Make one; `exchanges` is where those under way are kept, if others wait for them."""
        self._db = db
        self._tables = tables
        self._audit = audit
        self._signals = signals
        self._clock = clock
        self._facts = facts or {}
        self._exchanges = set[asyncio.Task[None]]() if exchanges is None else exchanges

    async def arrive(
        self,
        *,
        user_id: UserId,
        session_id: SessionId,
        query: Mapping[str, str],
        finish: Finish,
    ) -> FlowView | None:
        """Let `finish` redeem what came back, and return how the attempt ended.

        Of parallel duplicates one is finished, the others wait and are told the same end. None:
        the state was not made here, in this session. What `finish` raises is the end of the attempt.
        """
        state_hash, now = secret_hash(query.get("state", "")), self._clock.now()
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            claimed = await flows.claim(conn, user_id, self._tables, session_id, state_hash, now)
        if claimed is not None:
            await self._to_the_end(claimed, query, finish)
        return await self._settled(user_id, session_id, state_hash)

    async def close(self, *, seconds: float = 5.0) -> None:
        """Let exchanges under way finish."""
        if self._exchanges:
            await asyncio.wait(self._exchanges, timeout=seconds)

    async def denied(self, claimed: Claimed) -> None:
        """Note that the person declined."""
        declined = UpstreamRefused(
            f"You declined access at {self._tables.label}. Nothing was stored.",
            hint="Connect again when you like.",
            code="access_denied",
        )
        problem = problem_of(declined, current_correlation_id(), self._clock.now())
        await self.end(claimed, FlowStatus.DENIED, problem, Event.CONNECTION_CONSENT_DENIED)

    async def end(
        self,
        claimed: Claimed,
        status: FlowStatus,
        problem: Problem | None = None,
        event: Event | None = None,
    ) -> None:
        """Note how a claimed attempt ended, and wake who waits for it."""
        async with self._db.transaction(Role.APP, user_id=claimed.user_id) as conn:
            await flows.finish(
                conn, self._tables, claimed.user_id, claimed.flow_id, status, problem
            )
            if event is not None and problem is not None:
                await self._audit.record(
                    conn,
                    event,
                    user_id=claimed.user_id,
                    cause=problem.code,
                    correlation_id=problem.correlation_id,
                    **self._facts,
                )
            await notify(conn, FLOW, claimed.flow_id)

    async def _to_the_end(self, claimed: Claimed, query: Mapping[str, str], finish: Finish) -> None:
        """Run the exchange even if the browser goes away: the code works only once."""
        task = asyncio.create_task(self._finish(claimed, query, finish))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)
        await asyncio.shield(task)

    async def _finish(self, claimed: Claimed, query: Mapping[str, str], finish: Finish) -> None:
        try:
            await finish(claimed, query)
        except XerusError as error:
            await self._failed(claimed, error)

    async def _failed(self, claimed: Claimed, error: XerusError) -> None:
        problem = problem_of(
            error, current_correlation_id(), self._clock.now(), whom=self._tables.label
        )
        log.warning(
            "connect_failed",
            flow=claimed.flow_id,
            cause=error.code,
            debug=error.debug,
            correlation_id=problem.correlation_id,
        )
        await self.end(claimed, FlowStatus.FAILED, problem, Event.CONNECTION_CONSENT_FAILED)

    async def _settled(
        self, user_id: UserId, session_id: SessionId, state_hash: bytes
    ) -> FlowView | None:
        """Return the flow of this state once it is no longer being exchanged."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + _DUPLICATE_WAIT_SECONDS
        flow = await self._by_state(user_id, session_id, state_hash)
        while flow and flow.status is FlowStatus.EXCHANGING and loop.time() < give_up_at:
            with self._signals.watch(flow.flow_id) as changed:
                flow = await self._by_state(user_id, session_id, state_hash)
                if flow and flow.status is FlowStatus.EXCHANGING:
                    await self._signals.pause(changed, give_up_at - loop.time())
        return flow

    async def _by_state(
        self, user_id: UserId, session_id: SessionId, state_hash: bytes
    ) -> FlowView | None:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await flows.by_state(
                conn, user_id, self._tables, session_id, state_hash, self._clock.now()
            )


def unknown_state(label: str) -> XerusError:
    """Return what is said to who comes back with a state that was not made in their session."""
    return InvalidInput(
        f"This return from {label} does not belong to your session here.",
        hint="Start again from the Tools page, in this browser.",
        code="unknown_state",
    )
