"""What a call has reached so far through its client, whichever that is."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from xerus.atlassian.confluence.client import Confluence
from xerus.atlassian.credentials import Disconnected
from xerus.atlassian.jira.client import Jira
from xerus.atlassian.transport import TITLES
from xerus.ids import ConnectionId, UserId
from xerus.tools.caller import Caller
from xerus.tools.products import Products


class Running(Protocol):
    """Ends what runs on a connection, or for a person, when that ends."""

    def until_ended(self, ids: Iterable[ConnectionId | UserId], /) -> AbstractContextManager[None]:
        """Run the block as long as all of these last. Raises Disconnected when one ended."""
        ...


def received(client: Any) -> int:
    """Return the bytes of Atlassian's answers so far."""
    return sum(one.received for one in _clients(client))


def depends_on(caller: Caller, client: Any) -> set[ConnectionId | UserId]:
    """Return the person and the connections that a call at Atlassian ends with."""
    clients = _clients(client)
    found = {one.target.connection_id for one in clients} | ({caller.user_id} if clients else set())
    return {one for one in found if one is not None}


def disconnected(client: Any) -> Disconnected:
    """Return what is said to a call that was given up, with what it may have done by then."""
    for one in _clients(client):
        if one.changes.unsure:
            return Disconnected(
                f"A change was already on its way to {TITLES[one.target.product]} and may have"
                " happened: look before you repeat it.",
                is_unsure=True,
            )
    if any(one.changes.made for one in _clients(client)):
        return Disconnected("What it had changed by then stays: look before you repeat it.")
    return Disconnected("Nothing was changed.")


def _clients(client: Any) -> tuple[Jira | Confluence, ...]:
    if isinstance(client, Products):
        return client.reached
    return (client,) if isinstance(client, Jira | Confluence) else ()
