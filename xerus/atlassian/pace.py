"""Slows what Atlassian said to slow: an endpoint after a burst, an issue that is written too often."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

# Sources of the spacings: 50 writes a second and endpoint, 20 writes in 2 s on one issue.
_SPACING = {"jira-burst-based": 0.02, "jira-per-issue-on-write": 0.1}
_LONGEST = 60.0
_FORGET = 60.0
_MOST_KEPT = 10_000


@dataclass
class _Slowed:
    next_at: float
    spacing: float


class Pace:
    """When the next request of a kind may go; kinds that nobody complained of cost nothing.

    Who comes meanwhile is let go one after the other, because a bucket that ran empty fills slowly.
    """

    def __init__(self, *, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._slowed: dict[str, _Slowed] = {}
        self._handlers: list[Callable[[str, float, str], None]] = []

    def on_slowed(self, handler: Callable[[str, float, str], None]) -> None:
        """Call `handler` with kind, seconds and reason of each kind that this process slows anew."""
        self._handlers.append(handler)

    @property
    def idle(self) -> bool:
        """Whether nothing was slowed, so that nobody's kinds need to be known."""
        return not self._slowed

    def slow(self, kind: str, wait: float, *, reason: str) -> None:
        """Let nobody send a request of `kind` for `wait` seconds, a minute at the most."""
        if not self.until((kind,)):  # else a burst of refusals would be told one by one
            for handler in self._handlers:
                handler(kind, wait, reason)
        self.learn(kind, wait, reason=reason)

    def learn(self, kind: str, wait: float, *, reason: str) -> None:
        """Take over what another process was told."""
        now = self._seconds()
        if len(self._slowed) >= _MOST_KEPT:
            self._slowed = {k: s for k, s in self._slowed.items() if now < s.next_at + _FORGET}
        known = self._slowed.get(kind)
        start = now + min(wait, _LONGEST)
        self._slowed[kind] = _Slowed(
            next_at=max(start, known.next_at) if known else start, spacing=_SPACING[reason]
        )

    def until(self, kinds: Iterable[str]) -> float:
        """Return the seconds until a request that is of all these kinds may go."""
        now = self._seconds()
        slowed = [one for kind in kinds if (one := self._slowed.get(kind))]
        return max((max(0.0, one.next_at - now) for one in slowed), default=0.0)

    def take(self, kinds: Iterable[str]) -> None:
        """Take that turn, so that whoever asks next comes after it."""
        now = self._seconds()
        for kind in kinds:
            one = self._slowed.get(kind)
            if one is None:
                continue
            if now > one.next_at + _FORGET:
                del self._slowed[kind]
            else:
                one.next_at = max(now, one.next_at) + one.spacing


def is_named(reason: str) -> bool:
    """Whether a `RateLimit-Reason` says what is to be slowed."""
    return reason in _SPACING
