"""One link of a chain: a keyed hash over the link before, the event, and its number."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from xerus.audit.events import Fact
from xerus.ids import UserId

SHARDS = 16
# The first chains are for events in the transaction of their change, the others for group commits:
# a batch never waits for the transaction of a request.
RECORDED = SHARDS // 2
GENESIS = bytes(32)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event as it is stored, before it has its place in a chain."""

    at: datetime
    event: str
    user_id: UserId | None
    facts: dict[str, Fact]


def link(key: bytes, previous: bytes, entry: Entry, *, shard: int, n: int) -> bytes:
    """Return the keyed hash that entry number `n` of `shard` has after `previous`."""
    message = previous + canonical(entry, shard=shard) + n.to_bytes(8, "big")
    return hmac.new(key, message, hashlib.sha256).digest()


def canonical(entry: Entry, *, shard: int) -> bytes:
    """Return the one byte form of an entry: JSON with sorted keys and the instant in UTC."""
    return orjson.dumps(
        {
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "event": entry.event,
            "facts": entry.facts,
            "shard": shard,
            "user_id": entry.user_id,
        },
        option=orjson.OPT_SORT_KEYS,
    )
