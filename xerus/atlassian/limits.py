"""Remembers a used-up hourly quota, so that no further call is sent in vain until it ends."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product, Target
from xerus.atlassian.pace import Pace
from xerus.clock import Clock
from xerus.errors import UpstreamUnavailable
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading


class AtlassianLimits:
    """What Atlassian said to wait for. One object per process, shared by all transports.

    The quota of Atlassian's gateway belongs to the whole app, or to the app on one site, never to
    one user.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.pace = Pace()
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._handlers: list[Callable[[str, datetime], None]] = []

    def on_hold(self, handler: Callable[[str, datetime], None]) -> None:
        """Call `handler` with the key and the end of each hold that this process learns of first."""
        self._handlers.append(handler)

    def hold(self, target: Target, reason: str, seconds: float | None) -> UpstreamUnavailable:
        """Remember that the quota is used up and return the error that says so.

        Args:
            target: who was refused.
            reason: the `RateLimit-Reason`; one of a tenant holds the calls to that site alone.
            seconds: to wait; None: to the full hour, when Atlassian resets quotas.
        """
        now = self._clock.now()
        until = _full_hour(now) if seconds is None else now + timedelta(seconds=seconds)
        key = _site_key(target) if "tenant" in reason else _key(target)
        until = self.learn(key, until)
        for handler in self._handlers:
            handler(key, until)
        return _limited(now, until)

    def learn(self, key: str, until: datetime) -> datetime:
        """Take over a hold, also one that another process was told; return until when it lasts."""
        # Retry-After was seen to reach beyond the hour; the quota itself never does.
        until = min(until, _full_hour(self._clock.now()))
        self._until[key] = max(until, self._until.get(key, until))
        return until

    def readings(self) -> Iterator[Reading]:
        """Yield what is held, without the names of sites."""
        now = self._clock.now()
        left = {key: (until - now).total_seconds() for key, until in self._until.items()}
        for product in Product:
            of_product = [s for key, s in left.items() if key.startswith(f"{product}:") and s > 0]
            yield names.ATLASSIAN_HOLDS, len(of_product), product.value
            yield names.ATLASSIAN_HOLD_SECONDS, max(of_product, default=0), product.value

    def check(self, target: Target) -> None:
        """Raise `UpstreamUnavailable` while the quota of `target`'s product is used up."""
        if not self._until:
            return
        now = self._clock.now()
        for key in (_key(target), _site_key(target)):
            until = self._until.get(key)
            if until is not None and now < until:
                raise _limited(now, until)


def _key(target: Target) -> str:
    return f"{target.product}:{target.credential}"


def _site_key(target: Target) -> str:
    return f"{_key(target)}:{target.cloud_id or target.api_base}"


def _full_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _limited(now: datetime, until: datetime) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        f"Atlassian's hourly limit for this installation is used up until {until:%H:%M} UTC.",
        code="rate_limited",
        hint="Repeat the call after that time.",
        upstream_status=429,
        retry_after=int((until - now).total_seconds()) + 1,
    )
