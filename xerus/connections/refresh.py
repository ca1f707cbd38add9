"""Renewal: at most one request to the token endpoint per expiry, in the whole fleet."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from time import perf_counter

from pydantic import SecretStr

from xerus.atlassian.credentials import NeedsReconnect, NotConnected
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.connections import lease as leases
from xerus.connections.gate import OPERATOR_PAUSE_SECONDS, Gate, Turn
from xerus.connections.lease import Backoff, Lease, NoLease
from xerus.connections.problems import problem_of
from xerus.connections.provider import (
    TOKEN_DEADLINE,
    ClientRejected,
    GrantRefused,
    Renews,
    TokenSet,
)
from xerus.connections.sealing import Sealer
from xerus.connections.signals import CREDENTIAL, Signals
from xerus.connections.store import SealedTokens
from xerus.connections.tables import Tables
from xerus.db.database import Database
from xerus.db.notify import notify
from xerus.db.roles import Role
from xerus.errors import Unavailable, UpstreamError, UpstreamUnavailable
from xerus.ids import ConnectionId, UserId
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics
from xerus.telemetry.trace import current_correlation_id
from xerus.vault.envelope import SealBroken

log = logger(__name__)

_PERSIST_SECONDS = 540.0
"""How long an issued pair is kept in memory for a database that is away: inside the ten minutes
in which Atlassian still takes the previous refresh token."""
_ATTEMPTS = 3
_MAX_BACKOFF_SECONDS = 60.0


class Renewal:
    """Renews credentials on demand and ahead of time."""

    def __init__(
        self,
        *,
        db: Database,
        oauth: Renews,
        tables: Tables,
        sealer: Sealer,
        audit: AuditLog,
        signals: Signals,
        clock: Clock,
        tools_url: str,
        metrics: Metrics | None = None,
        facts: Mapping[str, Fact] | None = None,
        deadline: float = TOKEN_DEADLINE,
    ) -> None:
        """Make one.

        `deadline` is for how long the provider is asked, and how long a caller waits in all; `facts`
        stand in each audit event.
        """
        self._db = db
        self._oauth = oauth
        self._tables = tables
        self._facts = facts or {}
        self._sealer = sealer
        self._audit = audit
        self._signals = signals
        self._clock = clock
        self._tools_url = tools_url
        self._deadline = deadline
        self._running: dict[tuple[ConnectionId, int], asyncio.Task[None]] = {}
        self._metrics = metrics or Metrics()
        self.gate = Gate(link=oauth.link, changed=self._record_gate)

    async def ensure(self, user_id: UserId, connection_id: ConnectionId, generation: int) -> None:
        """Return once a later generation than `generation` is stored, by whoever renews it.

        Callers in this process join one attempt; other processes are waited for. Nobody waits
        longer than the deadline, whatever for: a turn, the database, another process. The attempt
        goes on without its callers, since a pair that it is given must be written.

        Raises:
            NeedsReconnect: the provider refuses the grant for good.
            NotConnected: the credential was erased.
            UpstreamUnavailable: no verdict in time, or too early after a failure; the grant is kept.
            Unavailable: the database is away.
            ClientRejected: the operator's app credentials are refused; the grant is kept.
        """
        key = (connection_id, generation)
        task = self._running.get(key) or self._start(
            key, self._lead_or_wait(user_id, connection_id, generation)
        )
        done, _ = await asyncio.wait({task}, timeout=self._deadline)
        if not done:
            raise UpstreamUnavailable(
                f"Renewing the connection to {self._oauth.link.label} takes too long.",
                code="upstream_timeout",
                hint="Try again in a moment; nothing is lost.",
            )
        task.result()

    async def renew_due(self) -> int:
        """Renew up to eight credentials whose time has come; return how many were tried.

        Fewer while calls renew their own, one while the provider may be back, none while it rests.
        """
        turns = await self.gate.turns_at_hand()
        taken: list[Lease] = []
        try:
            if turns:
                taken = await self._take_due(len(turns))
        finally:
            for unused in turns[len(taken) :]:
                self.gate.leave(unused)
        results = await asyncio.gather(
            *map(self._lead, taken, turns[: len(taken)]), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException) and not isinstance(
                result, UpstreamError | SealBroken | NotConnected
            ):
                raise result
        return len(taken)

    async def close(self, *, seconds: float = 5.0) -> None:
        """Let renewals under way finish: an answer that is not written yet would be lost."""
        if self._running:
            await asyncio.wait(set(self._running.values()), timeout=seconds)

    def _start(
        self, key: tuple[ConnectionId, int], work: Coroutine[None, None, None]
    ) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"renewal-{key[0]}")
        self._running[key] = task

        def finished(task: asyncio.Task[None]) -> None:
            if self._running.get(key) is task:
                del self._running[key]
            if not task.cancelled():
                task.exception()  # seen here, in case every caller has gone

        task.add_done_callback(finished)
        return task

    async def _take_due(self, limit: int) -> list[Lease]:
        async with self._db.transaction(Role.WORKER) as conn:
            return await leases.take_due(conn, self._tables, self._clock.now(), limit)

    async def _lead(self, lease: Lease, turn: Turn) -> None:
        key = (lease.connection_id, lease.generation)
        await asyncio.shield(self._start(key, self._spend(lease, turn)))

    async def _lead_or_wait(
        self, user_id: UserId, connection_id: ConnectionId, generation: int
    ) -> None:
        while True:
            with self._signals.watch(connection_id) as changed:
                try:
                    # Before the lease, which must not run out while its holder waits in a queue.
                    turn = await self.gate.turn()
                except UpstreamUnavailable:
                    if await self._generation(user_id, connection_id) != generation:
                        return
                    raise
                got = await self._take(user_id, connection_id, generation, turn)
                if isinstance(got, Lease):
                    await self._spend(got, turn)
                    return
                if got is NoLease.MOVED:
                    return
                self._refuse(got)
                await self._signals.pause(changed, self._deadline)

    async def _take(
        self, user_id: UserId, connection_id: ConnectionId, generation: int, turn: Turn
    ) -> Lease | NoLease | Backoff:
        """Take the lease, or give the turn back."""
        got: Lease | NoLease | Backoff | None = None
        try:
            async with self._db.transaction(Role.APP, user_id=user_id) as conn:
                got = await leases.take(conn, self._tables, user_id, connection_id, generation)
        finally:
            if not isinstance(got, Lease):
                self.gate.leave(turn)
        return got

    def _refuse(self, got: NoLease | Backoff) -> None:
        """Raise unless somebody else is renewing."""
        if got is NoLease.GONE:
            raise NotConnected(f"{self._oauth.link.label} is not connected.", hint=self._tools_url)
        if got is NoLease.DEAD:
            raise self._needs_reconnect()
        if isinstance(got, Backoff):
            seconds = max(1, round(got.seconds))
            raise UpstreamUnavailable(
                f"{self._oauth.link.label} could not renew the connection a moment ago.",
                hint=f"It is tried again in {seconds} s; nothing is lost.",
                retry_after=seconds,
            )

    async def _spend(self, lease: Lease, turn: Turn) -> None:
        """Ask the provider with the lease in hand, and write what came of it."""
        began = perf_counter()
        try:
            with turn:
                sealed = await self._renewed(lease, turn)
        except GrantRefused as error:
            self._count("ended", began)
            if await self._bury(lease, error):
                raise self._needs_reconnect() from error
            return
        except (UpstreamError, SealBroken) as error:
            self._count(_outcome(error), began)
            await self._put_off(lease, error)
            raise
        self._count("renewed", began)
        await self._persist(lease, sealed)

    def _count(self, outcome: str, began: float) -> None:
        link = self._oauth.link.value
        self._metrics.renewals.labels(link, outcome).inc()
        self._metrics.renewal_seconds.labels(link).observe(perf_counter() - began)

    async def _renewed(self, lease: Lease, turn: Turn) -> SealedTokens:
        refresh_token = await self._sealer.open_refresh(lease)
        try:
            tokens = await self._ask(refresh_token, lease)
        except UpstreamError as error:
            turn.note(error)
            raise
        turn.note(None)
        return await self._sealer.seal_tokens(
            lease.user_id, lease.connection_id, tokens, tokens.refresh_token or refresh_token
        )

    async def _ask(self, refresh_token: SecretStr, lease: Lease) -> TokenSet:
        """Ask up to three times within the total deadline, always with the same token.

        An answer that got lost may have rotated the token all the same; inside Cloud's grace the
        same token works again, Data Center has none. A refusal is asked once more for the same reason.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + self._deadline
        for attempt in range(1, _ATTEMPTS + 1):
            pause = random.uniform(0.1, 0.4) * attempt  # noqa: S311 - spreads load only
            try:
                return await self._oauth.refresh(refresh_token, deadline=deadline - clock.time())
            except GrantRefused:
                if attempt > 1 or await self._moved(lease):
                    raise
            except UpstreamUnavailable as error:
                if attempt == _ATTEMPTS or (error.retry_after or 0) > 1:
                    raise
                if clock.time() + pause > deadline - 1:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError

    async def _moved(self, lease: Lease) -> bool:
        return await self._generation(lease.user_id, lease.connection_id) != lease.generation

    async def _generation(self, user_id: UserId, connection_id: ConnectionId) -> int | None:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await leases.generation_of(conn, self._tables, user_id, connection_id)

    async def _persist(self, lease: Lease, sealed: SealedTokens) -> None:
        """Write the pair, and keep trying while the database is away: there is no second copy."""
        clock = asyncio.get_running_loop()
        give_up_at, pause = clock.time() + _PERSIST_SECONDS, 0.05
        while True:
            try:
                await self._write(lease, sealed)
            except Unavailable:
                if clock.time() > give_up_at:
                    raise
                log.warning("renewed_pair_waits_for_database", connection=lease.connection_id)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            else:
                return

    async def _write(self, lease: Lease, sealed: SealedTokens) -> None:
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            if await leases.finish(conn, self._tables, lease, sealed):
                await self._audit.record(
                    conn,
                    Event.CREDENTIAL_REFRESHED,
                    user_id=lease.user_id,
                    connection=lease.connection_id,
                    generation=lease.generation + 1,
                    **self._facts,
                )
            await notify(conn, CREDENTIAL, lease.connection_id)

    async def _bury(self, lease: Lease, error: GrantRefused) -> bool:
        """Mark the grant dead, tokens kept. False: a later pair is there, nothing is dead."""
        problem = problem_of(
            error, current_correlation_id(), self._clock.now(), whom=self._oauth.link.label
        )
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            if not await leases.give_up(conn, self._tables, lease, problem, retry_in=None):
                return False
            await leases.bury(
                conn, self._tables, lease.user_id, lease.connection_id, cause=problem.message
            )
            await self._audit.record(
                conn,
                Event.CREDENTIAL_EXPIRED,
                user_id=lease.user_id,
                cause=error.code,
                connection=lease.connection_id,
                correlation_id=problem.correlation_id,
                **self._facts,
            )
            await notify(conn, CREDENTIAL, lease.connection_id)
        log.warning(
            "connection_needs_consent",
            connection=lease.connection_id,
            debug=error.debug,
            correlation_id=problem.correlation_id,
        )
        return True

    async def _put_off(self, lease: Lease, error: UpstreamError | SealBroken) -> None:
        """Release the lease until a later try; a failure to renew never ends a grant."""
        problem = problem_of(
            error, current_correlation_id(), self._clock.now(), whom=self._oauth.link.label
        )
        seconds = _backoff(lease.failures, error)
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            if await leases.give_up(conn, self._tables, lease, problem, retry_in=seconds):
                await self._audit.record(
                    conn,
                    Event.CREDENTIAL_REFRESH_FAILED,
                    user_id=lease.user_id,
                    cause=error.code,
                    connection=lease.connection_id,
                    correlation_id=problem.correlation_id,
                    **self._facts,
                )
            await notify(conn, CREDENTIAL, lease.connection_id)
        log.warning(
            "renewal_failed",
            connection=lease.connection_id,
            cause=error.code,
            debug=error.debug,
            correlation_id=problem.correlation_id,
        )

    def _record_gate(self, error: UpstreamError | None) -> None:
        """Write down that this process rests or asks again; nobody waits for that."""
        written = self._audit.enqueue(
            Event.RENEWALS_RESUMED if error is None else Event.RENEWALS_PAUSED,
            link=self._oauth.link.value,
            cause=error.code if error else "",
            user_id=None,
            **self._facts,
        )
        # Seen here; where the database is away, `renewals_rest` stands in the log.
        written.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _needs_reconnect(self) -> NeedsReconnect:
        return NeedsReconnect(
            f"The connection to {self._oauth.link.label} has ended and needs a new consent.",
            hint=self._tools_url,
        )


def _outcome(error: UpstreamError | SealBroken) -> str:
    match error:
        case ClientRejected():
            return "client_rejected"
        case SealBroken():
            return "seal_broken"
        case _:
            return "no_answer"


def _backoff(failures: int, error: UpstreamError | SealBroken) -> float:
    """Seconds to the next try: full jitter over 1 to 60 s, or what the provider asks for."""
    if isinstance(error, ClientRejected):
        return OPERATOR_PAUSE_SECONDS
    asked = error.retry_after if isinstance(error, UpstreamError) else None
    most = min(_MAX_BACKOFF_SECONDS, 2.0 ** (failures + 1))
    return max(random.uniform(1.0, most), float(min(asked or 0, 3600)))  # noqa: S311 - spreads load only
