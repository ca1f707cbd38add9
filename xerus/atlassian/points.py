"""What a request costs of the points that Atlassian counts by the hour.

Atlassian's rate limiting pages of 2026: 1 for each request, 1 more for each object that a read
returns, 2 where the object is one of identity or access; a write costs the 1 alone. They hold no
table by endpoint, so this is an estimate by their words.
"""

import re
from functools import lru_cache
from typing import Any

from xerus.egress.client import Reply
from xerus.errors import UpstreamUnavailable

_BASE = 1
_IDENTITY = re.compile(r"/(users?|groups?|myself|roles?|watchers|permissions?|restriction)\b")
# The members that hold what was asked for, in the answers of both products.
_LISTS = (
    *("issues", "values", "results", "comments", "worklogs", "transitions"),
    *("watchers", "groups", "issueLinkTypes"),
)
_FIRST_FAILURE = 300
_TOO_MANY = 429


def cost(template: str, reply: Reply | None, *, reads: bool, is_json: bool = True) -> int:
    """Return the points of one request that was sent.

    Args:
        template: path without values.
        reply: the answer; None when none came, which may have been counted all the same.
        reads: whether it changes nothing, a search by POST included.
        is_json: False for a file, which is one object.
    """
    if reply is None or reply.status >= _FIRST_FAILURE:
        # Whoever is refused for having no points is not charged any.
        return 0 if reply is not None and reply.status == _TOO_MANY else _BASE
    if not reads:
        return _BASE
    return _BASE + _each(template) * (_objects(reply) if is_json else 1)


@lru_cache(maxsize=1024)
def _each(template: str) -> int:
    return 2 if _IDENTITY.search(template) else 1


def _objects(reply: Reply) -> int:
    try:
        answer: Any = reply.json()
    except UpstreamUnavailable:
        return 0
    if isinstance(answer, list):
        return len(answer)
    if not isinstance(answer, dict):
        return 1
    return next((len(found) for name in _LISTS if isinstance(found := answer.get(name), list)), 1)
