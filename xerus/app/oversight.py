"""What administrators oversee, and the test of the address that everybody may make."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xerus.app.foundation import Foundation
from xerus.assistant.link import McpLink
from xerus.audit.search import AuditSearch
from xerus.connections.history import ConnectionHistory
from xerus.egress.client import Egress
from xerus.ids import UserId
from xerus.mcpserver.first_steps import FirstSteps
from xerus.web.oversight import Oversight


@dataclass(frozen=True, kw_only=True)
class Overseen:
    """The services, and what ends with them."""

    services: Oversight
    close: Callable[[], Awaitable[None]]


def oversee(base: Foundation, link: McpLink) -> Overseen:
    """Build the services."""
    public_url = base.settings.public_url
    # A way out of its own: whom the other one may call has nothing to do with our own address.
    egress = Egress(allowed_origins=[public_url])

    async def count_tools(user_id: UserId) -> int:
        count, cursor = 0, None
        async with link.connect(user_id) as client:
            while True:
                page = await client.list_tools(cursor=cursor)
                count, cursor = count + len(page.tools), page.next_cursor
                if not cursor:
                    return count

    return Overseen(
        services=Oversight(
            audit=AuditSearch(db=base.db),
            history=ConnectionHistory(db=base.db, clock=base.clock),
            first_steps=FirstSteps(http=egress, public_url=public_url, list_tools=count_tools),
        ),
        close=egress.close,
    )
