"""GET /admin/servers/one: one MCP server, what it may have, and its end. Administrators only."""

from pydantic import SecretStr
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.remotes.entered import CannotBeAdded
from xerus.web import access
from xerus.web.admin_servers import PATH, told
from xerus.web.deps import WebDeps

_DONE = {
    "added": ("The server is added.", "People see it under Tools from now on."),
    "changed": ("The change is saved.", ""),
    "registered": ("Xerus is registered again.", ""),
    "on": (
        "The server is switched on.",
        "People can use it again; their connections are as before.",
    ),
    "off": ("The server is switched off.", "Nobody can use it; connections and tokens are kept."),
    "handed": ("Tokens are handed from now on.", "The audit log has who allowed it."),
    "trusted": ("Tools that only read run without being asked about.", "By the server's own word."),
    "distrusted": ("Every tool of this server is asked about from now on.", ""),
    "kept": ("No Atlassian token is handed to this server any more.", ""),
}


class AdminServer:
    """Shows one server and changes it."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, f"{PATH}/one", self._show),
            access.admin_action(self._deps, f"{PATH}/name", self._rename),
            access.admin_action(self._deps, f"{PATH}/key", self._key),
            access.admin_action(self._deps, f"{PATH}/register", self._register),
            access.admin_action(self._deps, f"{PATH}/switch", self._switch),
            access.admin_page(self._deps, f"{PATH}/hand", self._ask_hand),
            access.admin_action(self._deps, f"{PATH}/hand", self._hand),
            access.admin_action(self._deps, f"{PATH}/keep", self._keep),
            access.admin_action(self._deps, f"{PATH}/trust", self._trust),
            access.admin_page(self._deps, f"{PATH}/remove", self._ask_remove),
            access.admin_action(self._deps, f"{PATH}/remove", self._remove),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session, request.query_params.get("id", ""))

    async def _rename(self, request: Request, session: Session, form: FormData) -> Response:
        server_id = access.field(form, "id")
        try:
            await self._deps.servers.rename(
                server_id, access.field(form, "name"), by=session.user.id
            )
        except CannotBeAdded as error:
            return await self._page(request, session, server_id, error.mistakes)
        return _back(server_id, "changed")

    async def _key(self, request: Request, session: Session, form: FormData) -> Response:
        server_id, key = access.field(form, "id"), SecretStr(access.field(form, "key").strip())
        try:
            await self._deps.servers.new_key(server_id, key, by=session.user.id)
        except CannotBeAdded as error:
            return await self._page(request, session, server_id, error.mistakes)
        return _back(server_id, "changed")

    async def _register(self, request: Request, session: Session, form: FormData) -> Response:
        server_id = access.field(form, "id")
        try:
            await self._deps.servers.register_again(server_id, by=session.user.id)
        except CannotBeAdded as error:
            return await self._page(request, session, server_id, error.mistakes)
        return _back(server_id, "registered")

    async def _switch(self, _request: Request, session: Session, form: FormData) -> Response:
        server_id, enabled = access.field(form, "id"), access.field(form, "enabled") == "yes"
        await self._deps.servers.switch(server_id, enabled=enabled, by=session.user.id)
        return _back(server_id, "on" if enabled else "off")

    async def _ask_hand(self, request: Request, session: Session) -> Response:
        return await self._question(request, session, request.query_params.get("id", ""), "hand")

    async def _hand(self, request: Request, session: Session, form: FormData) -> Response:
        server_id = access.field(form, "id")
        try:
            await self._deps.servers.hand_tokens(
                server_id, access.field(form, "host"), by=session.user.id
            )
        except CannotBeAdded as error:
            return await self._question(request, session, server_id, "hand", error.mistakes)
        return _back(server_id, "handed")

    async def _keep(self, _request: Request, session: Session, form: FormData) -> Response:
        server_id = access.field(form, "id")
        await self._deps.servers.keep_tokens(server_id, by=session.user.id)
        return _back(server_id, "kept")

    async def _trust(self, _request: Request, session: Session, form: FormData) -> Response:
        server_id, believes = access.field(form, "id"), access.field(form, "trust") == "yes"
        await self._deps.servers.believe(server_id, believes=believes, by=session.user.id)
        return _back(server_id, "trusted" if believes else "distrusted")

    async def _ask_remove(self, request: Request, session: Session) -> Response:
        return await self._question(request, session, request.query_params.get("id", ""), "remove")

    async def _remove(self, request: Request, session: Session, form: FormData) -> Response:
        server_id = access.field(form, "id")
        if access.field(form, "confirm") != "yes":
            return await self._question(request, session, server_id, "remove")
        await self._deps.servers.remove(server_id, by=session.user.id)
        return RedirectResponse(f"{PATH}?done=removed", 303)

    async def _question(
        self,
        request: Request,
        session: Session,
        server_id: str,
        question: str,
        mistakes: tuple[str, ...] = (),
    ) -> Response:
        return self._deps.pages.render(
            request,
            f"servers/{question}.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=400 if mistakes else 200,
            one=told(await self._deps.servers.get(server_id)),
            mistakes=mistakes,
        )

    async def _page(
        self, request: Request, session: Session, server_id: str, mistakes: tuple[str, ...] = ()
    ) -> Response:
        return self._deps.pages.render(
            request,
            "servers/one.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=400 if mistakes else 200,
            one=told(await self._deps.servers.get(server_id)),
            done=_DONE.get(request.query_params.get("done", "")),
            mistakes=mistakes,
            public_url=self._deps.public_url,
        )


def _back(server_id: str, done: str) -> Response:
    return RedirectResponse(f"{PATH}/one?id={server_id}&done={done}", 303)
