"""GET /access: the browsers and MCP clients that act for a person, and an end to each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import NotFound
from xerus.grants.consents import ConsentRow
from xerus.grants.families import FamilyRow
from xerus.ids import FamilyId, SessionId
from xerus.oauth.redirect_uri import is_loopback, shown_host
from xerus.web import access
from xerus.web.deps import WebDeps
from xerus.web.tools import link_card

_PRODUCTS = ("Jira", "Confluence")
_VERBS = (("read", "read"), ("write", "change"))
_ENDED = {
    "browser": "That browser is signed out.",
    "client": "That client's access has ended. Its next request is refused.",
    "consent": "You are asked again when that program next wants access.",
    "mail-on": "Xerus writes to you when something needs you.",
    "mail-off": "Xerus does not write to you any more.",
}


@dataclass(frozen=True, kw_only=True)
class ClientLine:
    """One MCP client as the page shows it; it chose its name itself, so the host stands beside."""

    id: FamilyId
    name: str
    destination: str
    may: str
    since: datetime
    used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ConsentLine:
    """One remembered consent as the page shows it."""

    id: str
    name: str
    destination: str
    may: str
    since: datetime
    used_at: datetime | None


class HeldAccess:
    """Shows what is open in a person's name; `accounts` and `grants` end it in every process."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, "/access", self._show),
            access.action(self._deps, "/access/browsers/end", self._end_browser),
            access.action(self._deps, "/access/clients/end", self._end_client),
            access.action(self._deps, "/access/consents/forget", self._forget_consent),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        user_id = session.user.id
        return self._deps.pages.render(
            request,
            "access.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            ended=_ENDED.get(request.query_params.get("ended", ""), ""),
            browsers=await self._deps.sessions.of(user_id),
            this_browser=session.id,
            clients=[client_line(row) for row in await self._deps.grants.of(user_id)],
            consents=[consent_line(row) for row in await self._deps.consents.of(user_id)],
            connections=[await link_card(self._deps, link, session) for link in self._deps.offered],
            shared=self._deps.credentials_mode == "shared",
            mail_wanted=await self._deps.mail.wanted(user_id)
            if self._deps.mail.configured
            else None,
        )

    async def _end_browser(self, _request: Request, session: Session, form: FormData) -> Response:
        chosen = SessionId(access.field(form, "id"))
        if chosen not in {row.id for row in await self._deps.sessions.of(session.user.id)}:
            return RedirectResponse("/access", 303)  # over already: the list shows it
        await self._deps.sessions.end(chosen, session.user.id)
        if chosen != session.id:
            return RedirectResponse("/access?ended=browser", 303)
        response = RedirectResponse("/signout", 303)
        self._deps.cookies.clear_session(response)
        return response

    async def _end_client(self, _request: Request, session: Session, form: FormData) -> Response:
        try:
            await self._deps.grants.end(FamilyId(access.field(form, "id")), session.user.id)
        except NotFound:
            return RedirectResponse("/access", 303)  # over already: the list shows it
        return RedirectResponse("/access?ended=client", 303)

    async def _forget_consent(
        self, _request: Request, session: Session, form: FormData
    ) -> Response:
        if await self._deps.consents.forget(access.field(form, "id"), session.user.id):
            return RedirectResponse("/access?ended=consent", 303)
        return RedirectResponse("/access", 303)  # forgotten already: the list shows it


def client_line(row: FamilyRow) -> ClientLine:
    """Return a grant in words."""
    return ClientLine(
        id=row.id,
        name=row.client_name,
        destination=_destination(row.redirect_uris),
        may=in_words(row.scopes),
        since=row.created_at,
        used_at=row.used_at,
    )


def consent_line(row: ConsentRow) -> ConsentLine:
    """Return a remembered consent in words."""
    return ConsentLine(
        id=row.id,
        name=row.client_name,
        destination=shown_host(row.redirect_uri),
        may=in_words(row.scopes),
        since=row.created_at,
        used_at=row.used_at,
    )


def in_words(scopes: Iterable[str]) -> str:
    """Return scopes of the MCP endpoint as e.g. "read and change Jira, read Confluence"."""
    held = frozenset(scopes)
    products = (
        (product, [word for verb, word in _VERBS if f"{product.lower()}:{verb}" in held])
        for product in _PRODUCTS
    )
    return ", ".join(f"{' and '.join(words)} {product}" for product, words in products if words)


def _destination(redirect_uris: Sequence[str]) -> str:
    hosts = dict.fromkeys(
        "a program on your computer" if is_loopback(uri) else shown_host(uri)
        for uri in redirect_uris
    )
    return ", ".join(hosts)
