"""Remembers a used-up hourly quota, so that no further call is sent in vain until it ends."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from xerus.atlassian.credentials import Product, Target
from xerus.atlassian.ledger import POINTS_PER_HOUR, Payer, PointsLedger
from xerus.atlassian.pace import Pace
from xerus.atlassian.quota_headers import HOUR
from xerus.clock import Clock
from xerus.errors import UpstreamUnavailable
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading

_SKEW = timedelta(minutes=5)


class AtlassianLimits:
    """What Atlassian said to wait for. One object per process, shared by all transports.

    The quota of Atlassian's gateway belongs to the whole app, or to the app on one site, never to
    one user. `points` is our own count of it.
    """

    def __init__(self, *, clock: Clock, points_per_hour: int = POINTS_PER_HOUR) -> None:
        self.pace = Pace()
        self.points = PointsLedger(clock=clock, quota=points_per_hour)
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
            seconds: to wait; none, or none left, means to the full hour, when Atlassian resets
                quotas: a reset in the past was seen.
        """
        now = self._clock.now()
        until = now + timedelta(seconds=min(seconds, HOUR)) if seconds else _hours_end(now)
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
        """Yield what is held and what was used, without the names of sites."""
        now = self._clock.now()
        left = {key: (until - now).total_seconds() for key, until in self._until.items()}
        for product in Product:
            of_product = [s for key, s in left.items() if key.startswith(f"{product}:") and s > 0]
            yield names.ATLASSIAN_HOLDS, len(of_product), product.value
            yield names.ATLASSIAN_HOLD_SECONDS, max(of_product, default=0), product.value
        yield from self.points.readings()

    def held(self) -> dict[tuple[Product, str], datetime]:
        """Return until when which product is held, by product and site; '' is the app's own quota.

        What the operator's token waits for is not among them: it has no points.
        """
        now = self._clock.now()
        found = {}
        for key, until in self._until.items():
            product, credential, *site = key.split(":", 2)
            if credential == "user" and now < until:
                found[Product(product), "".join(site)] = until
        return found

    def has_room(self, target: Target) -> bool:
        """Tell whether work that can wait may send a request, or has to leave the quota to people.

        To be asked before each request of such work.
        """
        if self._held_until(target) is not None:
            return False
        return payer(target) is None or self.points.has_room(target.product)

    def check(self, target: Target) -> None:
        """Raise `UpstreamUnavailable` while the quota of `target`'s product is used up."""
        until = self._held_until(target)
        if until is not None:
            raise _limited(self._clock.now(), until)

    def _held_until(self, target: Target) -> datetime | None:
        if not self._until:
            return None
        now = self._clock.now()
        held = (self._until.get(key) for key in (_key(target), _site_key(target)))
        return max((until for until in held if until is not None and now < until), default=None)


def payer(target: Target) -> Payer | None:
    """Return whose points a request spends, None where Atlassian counts none.

    It counts apps with people's consent on Cloud, and no API tokens.
    """
    if not target.is_cloud or target.credential != "user":
        return None
    return Payer(product=target.product, site=_site(target))


def _key(target: Target) -> str:
    return f"{target.product}:{target.credential}"


def _site_key(target: Target) -> str:
    return f"{_key(target)}:{_site(target)}"


def _site(target: Target) -> str:
    return target.cloud_id or target.api_base


def _hours_end(now: datetime) -> datetime:
    """Return the full hour, or what is near if by a clock that is ahead the hour has just begun."""
    begun = now.replace(minute=0, second=0, microsecond=0)
    return begun + _SKEW if now < begun + _SKEW else _full_hour(now)


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
