"""From what a call names a person by to what Confluence takes."""

import re

from xerus.atlassian.confluence import people
from xerus.atlassian.confluence.client import Confluence
from xerus.tools.choices import pick

_ACCOUNT_ID = re.compile(r"^(?:[0-9a-f]{24}|[0-9]{1,12}:[0-9A-Za-z-]{8,60})$")


async def account_of(confluence: Confluence, who: str) -> str:
    """Return the account id of "me", of a name or of an account id; a username of Data Center.

    Raises:
        ChoiceNeeded: nobody has the name, or several have.
    """
    if not confluence.is_cloud:
        return who
    if who.casefold() == "me":
        return await people.myself(confluence)
    if _ACCOUNT_ID.match(who):
        return who
    return pick(
        who,
        await people.named(confluence, who),
        what="person",
        names=lambda one: {one.name, one.account_id},
        show=lambda one: f"{one.name} ({one.account_id})",
    ).account_id
