"""What Atlassian's answers say about the quota of points.

`RateLimit-Policy: "global-app-quota";q=65000;w=3600` and `RateLimit: "global-app-quota";r=11000;t=600`,
in any order, among policies of other kinds; `r` only once about 80 % are used. `X-RateLimit-Limit` and
`-Remaining` count requests a second and mean nothing here; what begins with `Beta-` is not enforced.
Seen in the field: no policy beside r=0, and a `t` beyond the hour, so `t` is not read at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

HOUR = 3600
_GLOBAL, _TENANT = "global-app-quota", "tenant-app-quota"
_ENTRY = re.compile(r'"([^"]{1,64})"((?:\s*;\s*[a-z]+=[^;,"]*)*)')
_LONGEST = 1000
# The highest quota that Atlassian grants is 500,000.
_MOST = 100_000_000
_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Told:
    """One answer's word on a quota; None for what it does not say, or says in no usable way."""

    is_of_site: bool
    quota: int | None
    left: int | None


def told(headers: Mapping[str, str]) -> Told | None:
    """Return what the headers say about the quota by the hour, None when nothing can be used."""
    policies, states = headers.get("RateLimit-Policy", ""), headers.get("RateLimit", "")
    if not policies and not states:
        return None
    # Below about 80 % only the time changes from answer to answer: one reading does for all.
    return _read(policies, states if "r=" in states else "")


@lru_cache(maxsize=256)
def _read(policies: str, states: str) -> Told | None:
    granted, stands = _entries(policies), _entries(states)
    for name in (_TENANT, _GLOBAL):
        if name in granted or name in stands:
            return _told(name, granted.get(name, {}), stands.get(name, {}))
    return None


def _told(name: str, policy: dict[str, str], state: dict[str, str]) -> Told | None:
    by_hour = _number(policy.get("w", str(HOUR))) == HOUR
    quota = _number(policy.get("q", "")) if by_hour else None
    left = _number(state.get("r", ""))
    quota = quota or None
    if quota is not None and left is not None and left > quota:
        left = None
    if quota is None and left is None:
        return None
    return Told(is_of_site=name == _TENANT, quota=quota, left=left)


def _entries(header: str) -> dict[str, dict[str, str]]:
    return {
        name: dict(_pair(one) for one in attributes.split(";") if "=" in one)
        for name, attributes in _ENTRY.findall(header[:_LONGEST])
    }


def _pair(text: str) -> tuple[str, str]:
    name, value = text.split("=", 1)
    return name.strip(), value.strip()


def _number(text: str) -> int | None:
    """Return a whole number that a quota may be: no sign, no fraction, not beyond all measure."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        return None
    number = int(text)
    return number if number <= _MOST else None
