"""A server in detail for the person who connected it: how it is, a test of it, and its end."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.remotes.servers import Auth
from xerus.web import access
from xerus.web.deps import WebDeps
from xerus.web.policies import PolicyForm
from xerus.web.policy_deps import ToolTable
from xerus.web.server_card import base_of, one_of, server_card
from xerus.web.server_deps import BASE, Tried


class ServerPages:
    """GET {base}, POST {base}/test, {base}/disconnect; the card alone at /tools/servers/{slug}."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.data(self._deps, "/tools/servers/{slug}", self._card),
            access.page(self._deps, BASE, self._show),
            access.action(self._deps, f"{BASE}/test", self._test, framed=True),
            access.page(self._deps, f"{BASE}/disconnect", self._ask),
            access.action(self._deps, f"{BASE}/disconnect", self._disconnect),
            PolicyForm(self._deps, BASE, self._table).route(),
        ]

    async def _card(self, request: Request, session: Session) -> Response:
        link = await one_of(self._deps, request, session)
        return self._deps.pages.render(
            request,
            "tools/card.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            card=await server_card(self._deps, link, session),
        )

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session, None)

    async def _test(self, request: Request, session: Session, _form: FormData) -> Response:
        link = await one_of(self._deps, request, session)
        return await self._page(request, session, await link.test(session.user.id))

    async def _ask(self, request: Request, session: Session) -> Response:
        link = await one_of(self._deps, request, session)
        return self._deps.pages.render(
            request,
            "servers/disconnect.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            server=link.row.server,
            signs_in=link.row.server.auth is Auth.OAUTH,
            can_be_told=bool(link.row.oauth and link.row.oauth.revocation_endpoint),
            base=base_of(link.row),
        )

    async def _disconnect(self, request: Request, session: Session, form: FormData) -> Response:
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session)
        link = await one_of(self._deps, request, session)
        await link.disconnect(session.user.id)
        return RedirectResponse("/tools", 303)

    async def _table(self, request: Request, session: Session) -> tuple[str, ToolTable]:
        row = (await one_of(self._deps, request, session)).row
        return base_of(row), await self._deps.policies.of_server(session.user.id, row.server)

    async def _page(self, request: Request, session: Session, tried: Tried | None) -> Response:
        link = await one_of(self._deps, request, session)
        return self._deps.pages.render(
            request,
            "servers/own.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            row=link.row,
            view=await link.view(session.user.id),
            card=await server_card(self._deps, link, session),
            tried=tried,
            table=(await self._table(request, session))[1],
            told=request.query_params.get("tools", ""),
        )
