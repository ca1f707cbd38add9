"""The points of all processes together: each adds what it spent, and reads the sum, now and then."""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog

from xerus.atlassian.credentials import Product
from xerus.atlassian.ledger import LOW, Entry, Payer, PointsLedger, Use
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
_IDLE_SECONDS = 60.0
"""A process that spends nothing looks this rarely, so that its metrics follow the others."""

_JITTER = 0.2
_KEPT = timedelta(hours=24)

_ADD = """
INSERT INTO atlassian_points AS p (hour, product, site, points, told_left, told_quota)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (hour, product, site) DO UPDATE SET
    points = p.points + excluded.points,
    told_left = least(p.told_left, excluded.told_left),
    told_quota = coalesce(excluded.told_quota, p.told_quota)
"""
_READ = "SELECT * FROM atlassian_points WHERE hour = %s"
_FORGET = "DELETE FROM atlassian_points WHERE hour < %s"


class SharedPoints:
    """Keeps the ledger of one process in step with the table `atlassian_points`.

    A tool call never waits for it. Between two looks, five seconds apart, a process knows its own
    spending at once and that of the others as of the last look. While the database is away each
    counts by itself and adds it later; a commit whose answer was lost may be added twice.
    """

    def __init__(self, *, db: Database, ledger: PointsLedger, metrics: Metrics) -> None:
        self._db = db
        self._ledger = ledger
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._looked_at = 0.0
        self._warned: dict[tuple[Product, str], datetime] = {}

    def start(self) -> None:
        """Begin to share."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._repeat(), name="atlassian-points")

    async def stop(self) -> None:
        """Share what is left, and end."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        if self._ledger.has_new:
            await self._share_quietly()

    async def usage(self) -> list[Use]:
        """Return the use of every quota in this hour, as of now.

        Raises:
            Unavailable: the database is away.
        """
        await self._share()
        return self._ledger.usage()

    async def _repeat(self) -> None:
        while not self._stopping.is_set():
            pause = EVERY_SECONDS * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads load
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            if self._is_due():
                await self._share_quietly()

    def _is_due(self) -> bool:
        idle = monotonic() - self._looked_at > _IDLE_SECONDS
        return not self._stopping.is_set() and (self._ledger.has_new or idle)

    async def _share_quietly(self) -> None:
        try:
            await self._share()
        except Unavailable as error:
            log.warning("atlassian_points_not_shared", debug=error.debug)
        except Exception:  # background loop: the count is no reason to end a process
            log.exception("atlassian_points_failed")

    async def _share(self) -> None:
        async with self._one_at_a_time:
            entries = self._ledger.take_new()
            try:
                rows = await self._exchange(entries)
            except BaseException:
                self._ledger.give_back(entries)
                raise
        self._looked_at = monotonic()
        self._ledger.learn(_entry(row) for row in rows)
        self._tell(entries)

    async def _exchange(self, entries: list[Entry]) -> list[dict[str, Any]]:
        hour = self._ledger.hour
        async with self._db.transaction(Role.GATE) as conn:
            for entry in entries:
                await conn.execute(_ADD, _row(entry))
            if entries:
                await conn.execute(_FORGET, (hour - _KEPT,))
            cursor = await conn.execute(_READ, (hour,))
            return await cursor.fetchall()

    def _tell(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._metrics.atlassian_points.labels(entry.payer.product).inc(entry.points)
        for use in self._ledger.usage():
            if use.share >= LOW:
                self._warn(use)

    def _warn(self, use: Use) -> None:
        key = (use.product, use.site)
        if self._warned.get(key) == use.resets_at:
            return
        self._warned[key] = use.resets_at
        log.warning(
            "atlassian_points_low",
            product=use.product,
            site=use.site,
            points=use.points,
            quota=use.quota,
            told_left=use.told_left,
            resets_at=use.resets_at.isoformat(),
        )


def _row(entry: Entry) -> tuple[Any, ...]:
    payer = entry.payer
    return (
        *(entry.hour, payer.product, payer.site),
        *(entry.points, entry.told_left, entry.told_quota),
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        hour=row["hour"],
        payer=Payer(product=Product(row["product"]), site=row["site"]),
        points=row["points"],
        told_left=row["told_left"],
        told_quota=row["told_quota"],
    )
