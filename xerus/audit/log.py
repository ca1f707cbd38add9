"""What the rest of Xerus calls to write, read and prove the audit log."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from xerus.audit import checkpoints, retention, store, verification
from xerus.audit.chain import RECORDED, Entry
from xerus.audit.checkpoints import CheckpointKey
from xerus.audit.events import Event, Fact, checked
from xerus.audit.group_commit import GroupWriter
from xerus.audit.store import Connection, Head
from xerus.audit.verification import Verdict
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import UserId
from xerus.keys.purpose import PurposeKeys
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Metrics, Reading

log = structlog.get_logger(__name__)

_CHECKPOINT_EVERY = timedelta(seconds=60)
_CHECKPOINT_EVENTS = 1_000
_LOOK_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """An event as its owner reads it."""

    at: datetime
    event: str
    facts: dict[str, Fact]


@dataclass(frozen=True, kw_only=True)
class _Keys:
    mac: bytes
    correlation: bytes
    checkpoint: CheckpointKey


class AuditLog:
    """Append-only, in 16 chains so that writers seldom wait for each other."""

    def __init__(
        self,
        *,
        database: Database,
        keys: PurposeKeys,
        clock: Clock,
        checkpoint_file: Path,
        metrics: Metrics | None = None,
    ) -> None:
        self._database = database
        self._metrics = metrics or Metrics()
        self._purposes = keys
        self._clock = clock
        self._file = checkpoint_file
        self._loaded: _Keys | None = None
        self._group: GroupWriter | None = None
        self._checkpointer: asyncio.Task[None] | None = None

    async def start(self, *, write_checkpoints: bool = True) -> None:
        """Load the keys and, unless told not to, begin to write checkpoints.

        Raises:
            WrongKey, NotConfigured, Unavailable: as the key provider and the database do.
        """
        self._loaded = _Keys(
            mac=await self._purposes.get("audit-mac"),
            correlation=await self._purposes.get("correlation"),
            checkpoint=CheckpointKey(await self._purposes.get("audit-checkpoint")),
        )
        self._group = GroupWriter(database=self._database, mac_key=self._loaded.mac)
        if write_checkpoints:
            self._checkpointer = asyncio.create_task(self._checkpoints(), name="audit-checkpoints")

    async def stop(self) -> None:
        """Write what waits, then a last checkpoint."""
        if self._group is not None:
            await self._group.stop()
        if self._checkpointer is not None:
            self._checkpointer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._checkpointer
            self._checkpointer = None
            with contextlib.suppress(Unavailable):
                await self.checkpoint()

    async def record(
        self, conn: Connection, event: Event, *, user_id: UserId | None = None, **facts: Fact
    ) -> None:
        """Write `event` in the caller's transaction, whatever its role: both commit or neither.

        As `Role.APP` only events of the transaction's user, or of nobody, can be written. The
        chain stays locked until that transaction ends: record last, and make no request between.
        """
        # One chain per connection, so that a transaction with two events never waits for
        # another that holds its chains in the other order.
        head = await store.tail(conn, conn.info.backend_pid % RECORDED)
        entry = self._entry(event, user_id, facts)
        await store.append(conn, store.chained(self._ready().mac, head, [entry]))

    async def append(self, event: Event, *, user_id: UserId | None = None, **facts: Fact) -> None:
        """Write `event` in a transaction of its own, together with others; return once durable.

        Raises:
            Unavailable: the event was not confirmed as written.
        """
        await self.enqueue(event, user_id=user_id, **facts)

    def enqueue(
        self, event: Event, *, user_id: UserId | None = None, **facts: Fact
    ) -> asyncio.Future[None]:
        """Do as `append`, without waiting: the result is there once the event is durable."""
        assert self._group is not None, "start() comes first"
        return self._group.add(self._entry(event, user_id, facts))

    async def settle(self) -> None:
        """Wait until what this process has appended so far is written, or was given up."""
        if self._group is not None:
            await self._group.settle()

    def readings(self) -> Iterator[Reading]:
        """Yield what this process has not written yet."""
        waiting, oldest = self._group.backlog if self._group else (0, None)
        since = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        yield names.AUDIT_WAITING, waiting
        yield names.AUDIT_WAITING_SECONDS, max(0.0, since)

    def correlate(self, secret_or_id: str) -> str:
        """Return a name for a secret, 12 hexadecimal digits, that tells nothing about it."""
        key = self._ready().correlation
        return hmac.new(key, secret_or_id.encode(), hashlib.sha256).hexdigest()[:12]

    async def recent(
        self,
        user_id: UserId,
        *,
        limit: int = 50,
        since: datetime | None = None,
        before: datetime | None = None,
        events: Iterable[Event] | None = None,
        **facts: str,
    ) -> list[AuditRow]:
        """Return a person's own events older than `before`, the newest first.

        Args:
            user_id: whose.
            limit: how many at most.
            since: an instant; None for the beginning.
            before: an instant; None for now.
            events: only these; None for all.
            facts: only those that carry these values.
        """
        wanted = None if events is None else [str(event) for event in events]
        async with self._database.transaction(Role.APP, user_id=user_id) as conn:
            links = await store.recent(
                conn,
                user_id,
                limit=limit,
                since=since,
                before=before,
                events=wanted,
                facts=facts,
            )
        return [
            AuditRow(at=found.entry.at, event=found.entry.event, facts=found.entry.facts)
            for found in links
        ]

    async def verify(self) -> Verdict:
        """Recompute everything; the verdict names the first bad event."""
        keys = self._ready()
        # Checkpoints first: events that come in between are then no fault.
        kept = await asyncio.to_thread(lambda: list(checkpoints.read_lines(self._file)))
        async with self._database.transaction(Role.WORKER) as conn:
            kept += [retention.stored(row) for row in await store.checkpoints(conn)]
            return await verification.verify(
                store.events(conn), kept, mac_key=keys.mac, checkpoint_key=keys.checkpoint
            )

    async def export(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every event as JSON values, chain by chain, with its place and keyed hash."""
        async with self._database.transaction(Role.WORKER) as conn:
            async for found in store.events(conn):
                yield {
                    "shard": found.shard,
                    "n": found.n,
                    "at": found.entry.at.isoformat(),
                    "event": found.entry.event,
                    "user_id": found.entry.user_id,
                    "facts": found.entry.facts,
                    "mac": found.mac.hex(),
                }

    async def checkpoint(self) -> bool:
        """Sign the ends of the chains now; False where nothing is new or another process does it.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._database.transaction(Role.WORKER) as conn:
            if not await store.lock_checkpoints(conn):
                return False
            heads = await store.heads(conn)
            last = await store.last_checkpoint(conn)
            if sum(head.n for head in heads) <= (last[1] if last else 0):
                return False
            await self._sign(conn, heads)
        return True

    async def remove_before(self, instant: datetime) -> int:
        """Remove events older than `instant`, some 30,000 at most; return how many were removed.

        A signed base stands for them, so that `verify` goes on from there. A chain whose old events
        were tampered with keeps them, and so does the newest event of each chain.

        Raises:
            Unavailable: the database does not answer.
        """
        keys = self._ready()
        async with self._database.transaction(Role.WORKER) as conn:
            if not await store.lock_checkpoints(conn):
                return 0
            base, removed = await retention.remove(
                conn, instant, now=self._clock.now(), mac_key=keys.mac, key=keys.checkpoint
            )
            if base is None:
                return 0
            await asyncio.to_thread(checkpoints.append_base, self._file, base)
            await self.record(conn, Event.LOG_REMOVED, events=removed, to=instant.isoformat())
        return removed

    def _ready(self) -> _Keys:
        assert self._loaded is not None, "start() comes first"
        return self._loaded

    def _entry(self, event: Event, user_id: UserId | None, facts: dict[str, Fact]) -> Entry:
        self._metrics.audit_events.labels(event.value).inc()
        given = {**_request(), **facts}
        return Entry(
            at=self._clock.now(), event=event, user_id=user_id, facts=checked(event, given)
        )

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                if await self._due():
                    await self.checkpoint()
            except Exception:  # background loop
                self._metrics.checkpoint_failures.inc()
                log.exception("audit_checkpoint_failed")

    async def _due(self) -> bool:
        async with self._database.transaction(Role.WORKER) as conn:
            last = await store.last_checkpoint(conn)
            events = sum(head.n for head in await store.heads(conn))
        if last is None:
            return events > 0
        at, before = last
        late = self._clock.now() - at >= _CHECKPOINT_EVERY
        return events - before >= _CHECKPOINT_EVENTS or (late and events > before)

    async def _sign(self, conn: Connection, heads: list[Head]) -> None:
        made = self._ready().checkpoint.sign(self._clock.now(), heads)
        await retention.keep(conn, made)
        await asyncio.to_thread(checkpoints.append_line, self._file, made)


def _request() -> dict[str, Fact]:
    """Return what the log lines of the request under way are found by, if there is one."""
    bound = structlog.contextvars.get_contextvars()
    return {name: bound[name] for name in ("correlation_id", "trace_id") if name in bound}
