"""When a failed request may be repeated, and after how long.

Atlassian's rules (rate limiting pages of 2026): 429 is always safe to repeat, after `Retry-After`,
else after `X-RateLimit-Reset`, else with exponential backoff and jitter, four tries at the most. A
used-up quota ends at the full hour, so no call waits for it. A 5xx answer or a lost connection is
repeated only where the request changes nothing.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime

MOST_TRIES = 4
MOST_WAITING = 20.0
"""Seconds that the waits of one call may add up to."""

_TOO_MANY = 429
_SERVER_ERROR = 500
_FIRST_429_WAIT = 2.0
_FIRST_5XX_WAIT = 0.5
# No limit of Atlassian's lasts longer than an hour; what says so is a day at the most.
_LONGEST = 86_400.0


def wait_before_retry(
    status: int, headers: Mapping[str, str], *, tries: int, safe: bool, now: datetime
) -> float | None:
    """Return the seconds to wait before sending again, None when it should not be sent again.

    Args:
        status: of the answer; 0 when there was none.
        headers: of the answer.
        tries: how often the request was sent so far.
        safe: True when sending it twice has the effect of sending it once.
        now: the present instant, for headers that name one.
    """
    if tries >= MOST_TRIES:
        return None
    if status == _TOO_MANY:
        if quota_used_up(headers):
            return None
        asked = retry_after(headers, now)
        # A Retry-After of 0 must not become a storm: the backoff is its floor.
        return max(asked or 0.0, _backoff(_FIRST_429_WAIT if asked is None else 0.5, tries))
    if safe and (status == 0 or status >= _SERVER_ERROR):
        return max(retry_after(headers, now) or 0.0, _backoff(_FIRST_5XX_WAIT, tries))
    return None


def quota_used_up(headers: Mapping[str, str]) -> bool:
    """Return whether a 429 means the hourly quota, not a burst."""
    return "quota" in reason(headers)


def reason(headers: Mapping[str, str]) -> str:
    """Return which limit a 429 means, '' when it does not say."""
    return headers.get("RateLimit-Reason", "")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that the answer asks to wait, None when it does not say."""
    value = headers.get("Retry-After", "")
    if value.isdecimal():
        return min(float(value), _LONGEST)
    try:
        reset = datetime.fromisoformat(headers.get("X-RateLimit-Reset", ""))
        if reset.tzinfo is None:
            reset = reset.replace(tzinfo=UTC)
        seconds = (reset - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST)


def _backoff(first: float, tries: int) -> float:
    return float(first * 2 ** (tries - 1) * random.uniform(0.7, 1.3))  # noqa: S311  # jitter
