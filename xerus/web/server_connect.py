"""The way to a server's sign-in and back, and the form for a key of one's own."""

from pydantic import SecretStr
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.views import FlowStatus
from xerus.errors import InvalidInput, NotFound, XerusError
from xerus.pages.local_path import local_path
from xerus.remotes.servers import Auth
from xerus.web import access
from xerus.web.connect import NO_STORE, Result, came_from, result_of
from xerus.web.deps import WebDeps
from xerus.web.server_card import base_of, one_of, server_card
from xerus.web.server_deps import BASE, OneServer


class ServerConnect:
    """The pages of the window of a server; each works in a tab of its own too."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, f"{BASE}/start", self._start, framed=False),
            access.page(self._deps, f"{BASE}/callback", self._callback, framed=False),
            access.action(self._deps, f"{BASE}/key", self._key),
            access.action(self._deps, f"{BASE}/cancel", self._cancel),
        ]

    async def _start(self, request: Request, session: Session) -> Response:
        access.require_own_request(self._deps, request)
        link = await one_of(self._deps, request, session)
        return_to = local_path(request.query_params.get("return_to"), default=came_from(request))
        if link.row.key_of_each:
            return self._key_form(request, session, link, return_to, None)
        if link.row.server.auth is not Auth.OAUTH:
            raise NotFound("There is nothing to connect.", hint="It can be used as it is.")
        try:
            started = await link.begin(
                user_id=session.user.id, session_id=session.id, return_to=return_to
            )
        except XerusError as error:
            result = Result(
                status="failed",
                icon="circle-alert",
                title=f"{link.row.server.name} cannot be connected",
                text=error.message,
                hint=error.hint,
            )
            return await self._page(request, session, link, result, status=error.status)
        return RedirectResponse(started.url, 303, headers=NO_STORE)

    async def _callback(self, request: Request, session: Session) -> Response:
        link = await one_of(self._deps, request, session)
        query = dict(request.query_params)
        if not query:
            raise InvalidInput(
                "The server sent no answer with this address.",
                hint="Start again from the Tools page.",
            )
        if link.row.server.auth is not Auth.OAUTH:
            raise NotFound("There is nothing to connect.", hint="It can be used as it is.")
        outcome = await link.complete(user_id=session.user.id, session_id=session.id, query=query)
        name = link.row.server.name
        result = result_of(name, outcome.status, outcome.view, outcome.error, outcome.return_to)
        return await self._page(request, session, link, result)

    async def _key(self, request: Request, session: Session, form: FormData) -> Response:
        link = await one_of(self._deps, request, session)
        return_to = local_path(access.field(form, "return_to"), default="/tools")
        if not link.row.key_of_each:
            raise NotFound("This server takes no key.", hint="Look at it on the Tools page.")
        try:
            await link.keep_key(session.user.id, SecretStr(access.field(form, "key").strip()))
        except XerusError as error:
            return self._key_form(request, session, link, return_to, error)
        view, name = await link.view(session.user.id), link.row.server.name
        result = result_of(name, FlowStatus.CONNECTED, view, None, return_to)
        return await self._page(request, session, link, result)

    async def _cancel(self, request: Request, session: Session, _form: FormData) -> Response:
        link = await one_of(self._deps, request, session)
        await link.cancel(session.user.id)
        if access.is_fragment(request):
            return self._deps.pages.render(
                request,
                "tools/card.html",
                viewer=access.viewer(session),
                csrf=session.csrf,
                card=await server_card(self._deps, link, session),
            )
        return RedirectResponse("/tools", 303)

    def _key_form(
        self,
        request: Request,
        session: Session,
        link: OneServer,
        return_to: str,
        error: XerusError | None,
    ) -> Response:
        return self._deps.pages.render(
            request,
            "servers/key.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=error.status if error else 200,
            server=link.row.server,
            base=base_of(link.row),
            header=link.row.key_header,
            return_to=return_to,
            error=error,
        )

    async def _page(
        self,
        request: Request,
        session: Session,
        link: OneServer,
        result: Result,
        *,
        status: int = 200,
    ) -> Response:
        return self._deps.pages.render(
            request,
            "connect/result.html",
            viewer=None,  # a small window: no navigation in it
            csrf=session.csrf,
            status=status,
            result=result,
            card=await server_card(self._deps, link, session),
        )
