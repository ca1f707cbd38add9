"""People of Confluence Cloud, where an operation wants an account id."""

import re
from dataclasses import dataclass

from xerus.atlassian.confluence.client import Confluence

READ_ME = "read:confluence-user"
FIND_PEOPLE = "read:content-details:confluence"
ME = "GET /wiki/rest/api/user/current"
FIND = "GET /wiki/rest/api/search/user"

_QUOTED = re.compile(r'(["\\])')


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account."""

    account_id: str
    name: str


async def myself(confluence: Confluence) -> str:
    """Return the account id of the connected account."""
    answer = await confluence.send("GET", "/wiki/rest/api/user/current", scope=READ_ME)
    return str(answer["accountId"])


async def named(confluence: Confluence, name: str) -> list[Person]:
    """Find people by a word of their name; at most 25."""
    word = _QUOTED.sub(r"\\\1", " ".join(name.split()))
    answer = await confluence.send(
        "GET",
        "/wiki/rest/api/search/user",
        query={"cql": f'user.fullname ~ "{word}"', "limit": "25"},
        scope=FIND_PEOPLE,
    )
    users = [entry.get("user") or {} for entry in answer["results"]]
    return [
        Person(
            account_id=str(user["accountId"]),
            name=str(user.get("displayName") or user.get("publicName") or ""),
        )
        for user in users
        if user.get("accountId")
    ]
