"""So many events a minute for each key, counted in this process alone."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from xerus.errors import LimitReached

_MINUTE = 60.0
_MOST_KEPT = 10_000


@dataclass
class _Bucket:
    left: float
    at: float


class TokenBuckets:
    """Each key may spend a minute's events at once, and gets them back evenly over a minute.

    Costs no trip to the database, so it suits what happens at every call. With several processes
    each counts for itself.
    """

    def __init__(
        self, *, per_minute: int, whose: str, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._most = per_minute
        self._whose = whose
        self._seconds = seconds
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, key: str) -> None:
        """Count one event for `key`.

        Raises:
            LimitReached: none is left; it says when there is one again.
        """
        now = self._seconds()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._new(key, now)
        regained = (now - bucket.at) * self._most / _MINUTE
        bucket.left, bucket.at = min(self._most, bucket.left + regained), now
        if bucket.left < 1:
            raise self._reached(bucket.left)
        bucket.left -= 1

    def _new(self, key: str, now: float) -> _Bucket:
        if len(self._buckets) >= _MOST_KEPT:
            # A minute after its last event a bucket is full again, like one that was never there.
            self._buckets = {k: b for k, b in self._buckets.items() if now - b.at < _MINUTE}
        return self._buckets.setdefault(key, _Bucket(left=self._most, at=now))

    def _reached(self, left: float) -> LimitReached:
        wait = int((1 - left) * _MINUTE / self._most) + 1
        return LimitReached(
            f"More than {self._most} requests in a minute by {self._whose}.",
            retry_after=wait,
            hint=f"Try again in {wait} s.",
        )
