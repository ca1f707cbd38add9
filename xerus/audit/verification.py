"""Recomputes the chains and holds them against the checkpoints."""

import hmac
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from xerus.audit.chain import GENESIS, link
from xerus.audit.checkpoints import Checkpoint, CheckpointKey
from xerus.audit.events import Fact
from xerus.audit.store import Head, Link


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome: `sound`, or where the first fault of the log is and what it looks like.

    `shard` and `n` name the first bad event; both are None where a checkpoint itself is bad.
    """

    sound: bool
    events: int
    checkpoints: int
    shard: int | None = None
    n: int | None = None
    reason: str = ""

    @property
    def facts(self) -> dict[str, Fact]:
        """What the event of this look at the log carries."""
        if self.sound:
            return {"outcome": "sound", "events": self.events}
        where: dict[str, Fact] = {"shard": self.shard, "n": self.n, "cause": self.reason}
        return {"outcome": "tampered", "events": self.events, **where}


async def verify(
    events: AsyncIterator[Link],
    checkpoints: Iterable[Checkpoint | None],
    *,
    mac_key: bytes,
    checkpoint_key: CheckpointKey,
) -> Verdict:
    """Check every event, which come chain by chain in order, and then every checkpoint."""
    wanted: dict[tuple[int, int], bytes] = {}
    bad_checkpoint = False
    count = 0
    for checkpoint in checkpoints:
        count += 1
        if checkpoint is None or not checkpoint_key.genuine(checkpoint):
            bad_checkpoint = True
            continue
        wanted.update({(head.shard, head.n): head.mac for head in checkpoint.heads})

    seen = 0
    head = Head(shard=-1, n=0, mac=GENESIS)
    ends: dict[int, int] = {}
    async for event in events:
        if event.shard != head.shard:
            head = Head(shard=event.shard, n=0, mac=GENESIS)
        reason = _fault(event, head, wanted.pop((event.shard, event.n), None), mac_key)
        if reason:
            return Verdict(
                sound=False,
                events=seen,
                checkpoints=count,
                shard=event.shard,
                n=head.n + 1,
                reason=reason,
            )
        head = Head(shard=event.shard, n=event.n, mac=event.mac)
        ends[event.shard] = event.n
        seen += 1

    if wanted:
        shard, _ = min(wanted)
        return Verdict(
            sound=False,
            events=seen,
            checkpoints=count,
            shard=shard,
            n=ends.get(shard, 0) + 1,
            reason="events are missing at the end: a signed checkpoint saw more",
        )
    reason = "a checkpoint was changed or is not ours" if bad_checkpoint else ""
    return Verdict(sound=not bad_checkpoint, events=seen, checkpoints=count, reason=reason)


def _fault(event: Link, head: Head, signed: bytes | None, key: bytes) -> str:
    if event.n != head.n + 1:
        return "events are missing before the next one"
    if not hmac.compare_digest(
        link(key, head.mac, event.entry, shard=event.shard, n=event.n), event.mac
    ):
        return "the event was changed, moved or made without the key"
    if signed is not None and signed != event.mac:
        return "the log was replaced: a signed checkpoint saw another event here"
    return ""
