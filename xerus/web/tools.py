"""GET /tools: what Xerus may use for a person; the card alone for scripts at /tools/atlassian."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.card import Card, card_for
from xerus.web.deps import WebDeps


class ToolsPage:
    """Shows the Atlassian card and how to connect an MCP client."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/tools", self._show),
            access.data(self._deps, "/tools/atlassian", self._show_card),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return self._deps.pages.render(
            request,
            "tools/page.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            card=await atlassian_card(self._deps, session),
            mcp_url=f"{self._deps.public_url}/mcp",
        )

    async def _show_card(self, request: Request, session: Session) -> Response:
        return await card_fragment(self._deps, request, session)


async def atlassian_card(deps: WebDeps, session: Session) -> Card:
    """Return the card of the signed-in person's connection."""
    view = await deps.connections.view(session.user.id)
    flow = await deps.connections.flow(session.user.id, None)
    return card_for(view, flow, mode=deps.credentials_mode, now=deps.clock.now())


async def card_fragment(deps: WebDeps, request: Request, session: Session) -> Response:
    """Return the card alone, to replace the one in an open page."""
    return deps.pages.render(
        request,
        "tools/card.html",
        viewer=access.viewer(session),
        csrf=session.csrf,
        card=await atlassian_card(deps, session),
    )
