"""Old events leave the log, and a signed base takes their place at the beginning of each chain."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog

from xerus.audit import checkpoints, store
from xerus.audit.chain import GENESIS, link
from xerus.audit.checkpoints import Checkpoint, CheckpointKey
from xerus.audit.store import Connection, Head, Link

log = structlog.get_logger(__name__)


async def remove(
    conn: Connection, before: datetime, *, now: datetime, mac_key: bytes, key: CheckpointKey
) -> tuple[Checkpoint | None, int]:
    """Remove what is older than `before`; return the base that is new, and how many events went.

    What does not fit its chain stays: a base would make a forgery good.
    """
    known = [(row["id"], stored(row)) for row in await store.checkpoints(conn)]
    begun = _latest(one for _, one in known if one and one.base)
    gone = {head.shard: head for head in begun.heads} if begun and key.genuine(begun) else {}
    removed = 0
    for last in await store.removable(conn, before):
        start = gone.get(last.shard, Head(shard=last.shard, n=0, mac=GENESIS))
        if not _follows(mac_key, start, await store.beginning(conn, last)):
            log.error("audit_retention_refused", shard=last.shard, after=start.n)
            continue
        removed += await store.remove(conn, last)
        gone[last.shard] = last
    if not removed:
        return None, 0
    base = key.sign(now, gone.values(), base=True)
    covered = [number for number, old in known if old and base.covers(old)]
    await keep(conn, base)
    await store.forget(conn, covered)
    return base, removed


async def keep(conn: Connection, checkpoint: Checkpoint) -> None:
    """Keep a checkpoint or a base in the database."""
    await store.add_checkpoint(
        conn,
        at=checkpoint.at,
        events=checkpoint.events,
        heads=checkpoints.heads_json(checkpoint),
        signature=checkpoint.signature,
        base=checkpoint.base,
    )


def stored(row: dict[str, Any]) -> Checkpoint | None:
    """Return the checkpoint of a row, None where the row does not have the shape of one."""
    try:
        return checkpoints.from_stored(
            row["at"], row["heads"], bytes(row["signature"]), base=row["base"]
        )
    except ValueError:
        return None


def _latest(bases: Iterable[Checkpoint]) -> Checkpoint | None:
    return max(bases, key=lambda base: base.events, default=None)


def _follows(key: bytes, start: Head, links: list[Link]) -> bool:
    previous = start
    for one in links:
        mac = link(key, previous.mac, one.entry, shard=one.shard, n=one.n)
        if one.n != previous.n + 1 or not hmac.compare_digest(mac, one.mac):
            return False
        previous = one.head
    return True
