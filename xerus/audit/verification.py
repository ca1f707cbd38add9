"""Recomputes the chains and holds them against the checkpoints."""

import hmac
from collections import defaultdict
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
    """Check every event, which come chain by chain in order, and then every checkpoint.

    A chain begins with its first event, or after the last event that a signed base stands for.
    """
    signed = _Signed(checkpoints, checkpoint_key)
    seen = 0
    head = Head(shard=-1, n=0, mac=GENESIS)
    ends: dict[int, int] = {}
    async for event in events:
        if event.shard != head.shard:
            head = signed.start(event.shard, event.n)
        reason = _fault(event, head, signed.wanted.pop((event.shard, event.n), None), mac_key)
        if reason:
            return Verdict(
                sound=False,
                events=seen,
                checkpoints=signed.count,
                shard=event.shard,
                n=head.n + 1,
                reason=reason,
            )
        head = Head(shard=event.shard, n=event.n, mac=event.mac)
        ends[event.shard] = event.n
        seen += 1

    if signed.wanted:
        shard, _ = min(signed.wanted)
        return Verdict(
            sound=False,
            events=seen,
            checkpoints=signed.count,
            shard=shard,
            n=ends.get(shard, signed.gone(shard)) + 1,
            reason="events are missing at the end: a signed checkpoint saw more",
        )
    reason = "a checkpoint was changed or is not ours" if signed.bad else ""
    return Verdict(sound=not signed.bad, events=seen, checkpoints=signed.count, reason=reason)


class _Signed:
    """What genuine checkpoints say: the keyed hash of some events, and where chains may begin."""

    def __init__(self, checkpoints: Iterable[Checkpoint | None], key: CheckpointKey) -> None:
        self.wanted: dict[tuple[int, int], bytes] = {}
        self.count = 0
        self.bad = False
        self._starts: dict[int, list[Head]] = defaultdict(list)
        for checkpoint in checkpoints:
            self.count += 1
            if checkpoint is None or not key.genuine(checkpoint):
                self.bad = True
                continue
            self.wanted.update({(head.shard, head.n): head.mac for head in checkpoint.heads})
            if checkpoint.base:
                for head in checkpoint.heads:
                    self._starts[head.shard].append(head)

    def start(self, shard: int, first: int) -> Head:
        """Return what event number `first` of a chain has to follow, as the first there is."""
        before = [head for head in self._starts[shard] if head.n < first]
        begun = max(before, key=lambda head: head.n, default=Head(shard=shard, n=0, mac=GENESIS))
        # What came before is gone, and the base vouches for it.
        for n in [n for known, n in self.wanted if known == shard and n <= begun.n]:
            del self.wanted[shard, n]
        return begun

    def gone(self, shard: int) -> int:
        """Return the number of the last event of a chain that a base stands for."""
        return max((head.n for head in self._starts[shard]), default=0)


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
