"""MCP clients one by one: added, given a new secret, deleted. Administrators only."""

from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import NotFound
from xerus.grants.administered import CannotBeAdded, ClientRow
from xerus.grants.clients import Issued
from xerus.oauth.redirect_uri import shown_host
from xerus.web import access
from xerus.web.deps import WebDeps

PATH = "/admin/clients"
_LOOK = "Open Admin, then MCP clients, and look at the list."
SOURCES = {
    "administrator": ("Added here", "users"),
    "file": ("Operator's file", "lock"),
    "dynamic": ("Registered itself", "plug"),
    "document": ("Described online", "globe"),
}


@dataclass(frozen=True, kw_only=True)
class ClientLine:
    """One client as the pages show it; most chose their name themselves, so the hosts stand beside."""

    id: str
    name: str
    source: str
    icon: str
    hosts: str
    confidential: bool
    since: datetime
    used_at: datetime | None
    people: int
    may_be_removed: bool
    may_get_secret: bool
    may_come_back: bool


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What stands in the form."""

    name: str = ""
    redirect_uris: str = ""
    confidential: bool = False


class AdminClients:
    """Lists clients, and changes those that are an administrator's to change."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, f"{PATH}/add", self._form),
            access.admin_action(self._deps, f"{PATH}/add", self._add),
            access.admin_page(self._deps, f"{PATH}/secret", self._ask_secret),
            access.admin_action(self._deps, f"{PATH}/secret", self._new_secret),
            access.admin_page(self._deps, f"{PATH}/remove", self._ask_remove),
            access.admin_action(self._deps, f"{PATH}/remove", self._remove),
        ]

    async def _form(self, request: Request, session: Session) -> Response:
        return self._add_page(request, session, Entered(), ())

    def _add_page(
        self, request: Request, session: Session, entered: Entered, mistakes: tuple[str, ...]
    ) -> Response:
        return self._deps.pages.render(
            request,
            "admin/add_client.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            status=400 if mistakes else 200,
            entered=entered,
            mistakes=mistakes,
        )

    async def _add(self, request: Request, session: Session, form: FormData) -> Response:
        entered = Entered(
            name=access.field(form, "name").strip(),
            redirect_uris=access.field(form, "redirect_uris"),
            confidential=access.field(form, "kind") == "confidential",
        )
        try:
            issued = await self._deps.clients.add(
                entered.name,
                entered.redirect_uris.split(),
                confidential=entered.confidential,
                by=session.user.id,
            )
        except CannotBeAdded as error:
            return self._add_page(request, session, entered, error.mistakes)
        return self._issued(request, session, issued, is_new=True)

    async def _ask_secret(self, request: Request, session: Session) -> Response:
        return await self._ask(request, session, request.query_params.get("id", ""), "new_secret")

    async def _new_secret(self, request: Request, session: Session, form: FormData) -> Response:
        client_id = access.field(form, "id")
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session, client_id, "new_secret")
        issued = await self._deps.clients.new_secret(client_id, by=session.user.id)
        return self._issued(request, session, issued, is_new=False)

    async def _ask_remove(self, request: Request, session: Session) -> Response:
        return await self._ask(
            request, session, request.query_params.get("id", ""), "remove_client"
        )

    async def _remove(self, request: Request, session: Session, form: FormData) -> Response:
        client_id = access.field(form, "id")
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session, client_id, "remove_client")
        await self._deps.clients.remove(client_id, by=session.user.id)
        return RedirectResponse(f"{PATH}?done=removed", 303)

    async def _ask(
        self, request: Request, session: Session, client_id: str, question: str
    ) -> Response:
        row = await self._deps.clients.get(client_id)
        if question == "new_secret" and not row.may_get_secret:
            raise NotFound("A new secret for this client is not made here.", hint=_LOOK)
        return self._deps.pages.render(
            request,
            f"admin/{question}.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            client=line(row),
        )

    def _issued(
        self, request: Request, session: Session, issued: Issued, *, is_new: bool
    ) -> Response:
        """Show what is told once; a reload of this page would be a second request for it."""
        return self._deps.pages.render(
            request,
            "admin/issued.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            client=issued.client,
            secret=issued.secret.get_secret_value() if issued.secret else "",
            is_new=is_new,
            mcp_url=f"{self._deps.public_url}/mcp",
        )


def line(row: ClientRow) -> ClientLine:
    """Return a client in words."""
    source, icon = SOURCES[row.source]
    return ClientLine(
        id=row.id,
        name=row.name,
        source=source,
        icon=icon,
        hosts=", ".join(dict.fromkeys(shown_host(uri) for uri in row.redirect_uris)),
        confidential=row.confidential,
        since=row.created_at,
        used_at=row.used_at,
        people=row.people,
        may_be_removed=row.may_be_removed,
        may_get_secret=row.may_get_secret,
        may_come_back=row.source in {"dynamic", "document"},
    )
