"""A short memory of who somebody is, emptied by notifications of what was ended."""

from datetime import datetime, timedelta
from typing import Generic, TypeVar

from xerus.clock import Clock
from xerus.db.notify import Listener

Value = TypeVar("Value")

LIFE = timedelta(seconds=60)
_MOST = 20_000


class RevocableCache(Generic[Value]):
    """Keeps values by the hash of a token, each under tags by which it can be dropped.

    Nothing is kept or answered while notifications do not arrive. A value that was read before a
    drop is never stored after it: `epoch` is taken before reading and given back to `put`.
    """

    def __init__(self, *, listener: Listener, clock: Clock, channel: str) -> None:
        self._listener = listener
        self._clock = clock
        self._entries: dict[bytes, tuple[datetime, frozenset[str], Value]] = {}
        self._drops = 0
        listener.subscribe(channel, self.drop)
        listener.on_reconnect(self.clear)

    @property
    def epoch(self) -> int:
        """The present epoch; -1, never good for `put`, while notifications do not arrive."""
        return self._drops if self._listener.connected else -1

    def get(self, key: bytes) -> Value | None:
        """Return a value that is still trusted."""
        entry = self._entries.get(key)
        if entry is None or not self._listener.connected or entry[0] <= self._clock.now():
            return None
        return entry[2]

    def put(
        self,
        key: bytes,
        value: Value,
        *,
        tags: set[str],
        epoch: int,
        until: datetime | None = None,
    ) -> None:
        """Keep a value for at most `LIFE`, and not beyond `until`."""
        if epoch < 0 or epoch != self.epoch:
            return
        if len(self._entries) >= _MOST:
            self._make_room()
        end = self._clock.now() + LIFE
        self._entries[key] = (min(end, until) if until else end, frozenset(tags), value)

    def drop(self, tag: str) -> None:
        """Forget every value under a tag."""
        self._drops += 1
        self._entries = {k: entry for k, entry in self._entries.items() if tag not in entry[1]}

    def clear(self) -> None:
        """Forget everything."""
        self._drops += 1
        self._entries = {}

    def _make_room(self) -> None:
        now = self._clock.now()
        self._entries = {k: entry for k, entry in self._entries.items() if entry[0] > now}
        if len(self._entries) >= _MOST:
            self._entries = {}
