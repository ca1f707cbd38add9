"""GET /tools: what Xerus may use for a person; a card alone for scripts at /tools/{link}."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.links import Link
from xerus.web import access
from xerus.web.card import Card, card_for, slug_of
from xerus.web.deps import WebDeps
from xerus.web.server_card import server_card


class ToolsPage:
    """Shows a card for each link and how to connect an MCP client."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/tools", self._show),
            *(
                access.data(self._deps, f"/tools/{slug_of(link)}", self._card_of(link))
                for link in self._deps.links
            ),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return self._deps.pages.render(
            request,
            "tools/page.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            cards=[
                *[await link_card(self._deps, link, session) for link in self._deps.offered],
                *[
                    await server_card(self._deps, link, session)
                    for link in await self._deps.remotes.links(session.user.id)
                ],
            ],
            mcp_url=f"{self._deps.public_url}/mcp",
        )

    def _card_of(self, link: Link) -> access.Page:
        async def show(request: Request, session: Session) -> Response:
            return await card_fragment(self._deps, link, request, session)

        return show


async def link_card(deps: WebDeps, link: Link, session: Session) -> Card:
    """Return the card of the signed-in person's connection by a link."""
    view = await deps.links[link].view(session.user.id)
    flow = await deps.links[link].flow(session.user.id, None)
    return card_for(
        link,
        view,
        flow,
        mode=deps.credentials_mode,
        now=deps.clock.now(),
        shared_products=deps.shared_products,
    )


async def card_fragment(deps: WebDeps, link: Link, request: Request, session: Session) -> Response:
    """Return the card alone, to replace the one in an open page."""
    return deps.pages.render(
        request,
        "tools/card.html",
        viewer=access.viewer(session),
        csrf=session.csrf,
        card=await link_card(deps, link, session),
    )
