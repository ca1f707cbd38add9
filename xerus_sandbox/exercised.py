"""Which of the endpoints that somebody declares to use no recorded answer covers.

The declarations come as a JSON array of objects: `by`, `deployment` ("cloud" or "dc") and
`endpoint` ("GET /rest/api/3/issue/{issueIdOrKey}"). The test run writes it, so that the sandbox
need not know who uses it. Names of path parameters do not count.
"""

import re
from collections import defaultdict
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import orjson

_FIRST_FAILURE = 400
_PARAMETER = re.compile(r"\{[^}]*\}")

Endpoint = tuple[str, str]
"""Deployment, and "METHOD template" with nameless parameters."""


def covered_by(answer: dict[str, Any]) -> Endpoint | None:
    """Return the endpoint that an answer covers: only a real success shows that it works."""
    if answer.get("fault") or answer["status"] >= _FIRST_FAILURE:
        return None
    return answer.get("deployment", ""), _nameless(f"{answer['method']} {answer['path_template']}")


def unexercised(declared: Path, covered: AbstractSet[Endpoint]) -> list[str]:
    """Return a line for each declared endpoint that is not covered, with those who declare it."""
    users: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in orjson.loads(declared.read_bytes()):
        if (one["deployment"], _nameless(one["endpoint"])) not in covered:
            users[one["deployment"], one["endpoint"]].append(one["by"])
    return [f"{place:5s} {line} ({', '.join(by)})" for (place, line), by in sorted(users.items())]


def _nameless(line: str) -> str:
    return _PARAMETER.sub("{}", line)
