"""Remembers a used-up hourly quota, so that no further call is sent in vain until it ends."""

from datetime import datetime, timedelta

from xerus.atlassian.credentials import Target
from xerus.clock import Clock
from xerus.errors import UpstreamUnavailable


class QuotaHolds:
    """The quota of Atlassian's gateway belongs to the whole app, not to one user.

    One object per process, shared by all transports.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def hold(self, target: Target, seconds: float | None) -> UpstreamUnavailable:
        """Remember that the quota is used up and return the error that says so.

        Without `seconds` the hold lasts to the full hour, when Atlassian resets quotas.
        """
        now = self._clock.now()
        full_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        # Retry-After was seen to reach beyond the hour; the quota itself never does.
        until = full_hour if seconds is None else min(full_hour, now + timedelta(seconds=seconds))
        self._until[_key(target)] = until
        return _limited(now, until)

    def check(self, target: Target) -> None:
        """Raise `UpstreamUnavailable` while the quota of `target`'s product is used up."""
        until = self._until.get(_key(target))
        now = self._clock.now()
        if until is not None and now < until:
            raise _limited(now, until)


def _key(target: Target) -> str:
    return f"{target.product}:{target.credential}"


def _limited(now: datetime, until: datetime) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        f"Atlassian's hourly limit for this installation is used up until {until:%H:%M} UTC.",
        code="rate_limited",
        hint="Repeat the call after that time.",
        upstream_status=429,
        retry_after=int((until - now).total_seconds()) + 1,
    )
