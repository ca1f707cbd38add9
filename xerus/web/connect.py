"""The way to Atlassian and back: start, callback, choice of a site, cancel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView, FlowStatus, FlowView, Problem, State
from xerus.errors import InvalidInput, XerusError
from xerus.ids import CloudId
from xerus.pages.help_links import help_for
from xerus.pages.local_path import local_path
from xerus.web import access
from xerus.web.card import base_of, card_for
from xerus.web.deps import WebDeps
from xerus.web.tools import card_fragment

_POPUP = re.compile(r"/connections/(?!servers/[^/]*$)(servers/)?[^/]+/.*")
NO_STORE = {"Cache-Control": "no-store"}
_NO_PARAMETERS = "Atlassian sent no answer with this address."


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the page after Atlassian says."""

    status: str
    icon: str
    title: str
    text: str
    hint: str = ""
    correlation_id: str = ""
    at: datetime | None = None
    help: str = ""
    return_to: str = "/tools"


class ConnectPages:
    """The pages of the popup for one link; each works in a tab of its own too."""

    def __init__(self, deps: WebDeps, link: Link) -> None:
        self._deps = deps
        self._link = link
        self._connections = deps.links[link]

    def routes(self) -> list[Route]:
        """Return the routes."""
        base = base_of(self._link)
        return [
            access.page(self._deps, f"{base}/start", self._start, framed=False),
            access.page(self._deps, f"{base}/done", self._done, framed=False),
            access.action(self._deps, f"{base}/site", self._choose_site),
            access.action(self._deps, f"{base}/cancel", self._cancel),
        ]

    async def _start(self, request: Request, session: Session) -> Response:
        access.require_own_request(self._deps, request)
        return_to = local_path(request.query_params.get("return_to"), default=came_from(request))
        if self._deps.credentials_mode == "shared":
            return await self._page(request, session, _for_nobody(self._link), status=409)
        try:
            started = await self._connections.begin(
                user_id=session.user.id, session_id=session.id, return_to=return_to
            )
        except XerusError as error:
            result = Result(
                status="failed",
                icon="circle-alert",
                title=f"{self._link.label} cannot be connected",
                text=error.message,
                hint=error.hint,
                help=help_for(error.code, default="failed"),
            )
            return await self._page(request, session, result, status=error.status)
        return RedirectResponse(started.url, 303, headers=NO_STORE)

    async def complete(
        self, request: Request, session: Session, query: Mapping[str, str]
    ) -> Response:
        """Finish what came back for this link."""
        outcome = await self._connections.complete(
            user_id=session.user.id, session_id=session.id, query=query
        )
        result = result_of(
            self._link.label, outcome.status, outcome.view, outcome.error, outcome.return_to
        )
        return await self._page(request, session, result)

    async def _done(self, request: Request, session: Session) -> Response:
        view = await self._connections.view(session.user.id)
        flow = await self._connections.flow(session.user.id, None)
        result = result_of(
            self._link.label, _status(view, flow), view, flow.error if flow else None, "/tools"
        )
        return await self._page(request, session, result)

    async def _choose_site(self, _request: Request, session: Session, form: FormData) -> Response:
        cloud_id = CloudId(access.field(form, "cloud_id"))
        await self._connections.choose_site(session.user.id, cloud_id)
        return RedirectResponse(local_path(access.field(form, "return_to"), default="/tools"), 303)

    async def _cancel(self, request: Request, session: Session, _form: FormData) -> Response:
        await self._connections.cancel(session.user.id)
        if access.is_fragment(request):
            return await card_fragment(self._deps, self._link, request, session)
        return RedirectResponse("/tools", 303)

    async def _page(
        self, request: Request, session: Session, result: Result, *, status: int = 200
    ) -> Response:
        view = await self._connections.view(session.user.id)
        return self._deps.pages.render(
            request,
            "connect/result.html",
            viewer=None,  # a small window: no navigation in it
            csrf=session.csrf,
            status=status,
            result=result,
            card=card_for(
                self._link,
                view,
                None,
                mode=self._deps.credentials_mode,
                shared_products=self._deps.shared_products,
                now=self._deps.clock.now(),
            ),
        )


class ConnectCallback:
    """GET /connections/atlassian/callback: the one address that every link comes back to."""

    def __init__(self, deps: WebDeps, pages: Mapping[Link, ConnectPages]) -> None:
        self._deps = deps
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the route."""
        path = f"{base_of(Link.CLOUD)}/callback"
        return [access.page(self._deps, path, self._callback, framed=False)]

    async def _callback(self, request: Request, session: Session) -> Response:
        query = dict(request.query_params)
        if not query:
            raise InvalidInput(_NO_PARAMETERS, hint="Start again from the Tools page.")
        link = await self._begun_at(session, query.get("state", ""))
        return await self._pages[link].complete(request, session, query)

    async def _begun_at(self, session: Session, state: str) -> Link:
        """Return the link where this state was made; Cloud, which refuses it, if none did."""
        for link, connections in self._deps.links.items():
            if await connections.began(user_id=session.user.id, session_id=session.id, state=state):
                return link
        return Link.CLOUD


def came_from(request: Request) -> str:
    """Return the page the button stood on, so that "Use this tab instead" leads back to it."""
    try:
        path = urlsplit(request.headers.get("referer", "")).path
    except ValueError:  # as of brackets around what is no address
        path = ""
    path = local_path(path, default="/tools")
    return "/tools" if path.startswith("/signin") or _POPUP.fullmatch(path) else path


def _status(view: ConnectionView, flow: FlowView | None) -> FlowStatus:
    if view.state is State.CHOOSING_SITE:
        return FlowStatus.CHOOSING_SITE
    if view.usable:
        return FlowStatus.CONNECTED
    return flow.status if flow else FlowStatus.FAILED


def _for_nobody(link: Link) -> Result:
    """What is said where everybody works by the operator's token."""
    return Result(
        status="failed",
        icon="circle-alert",
        title=f"{link.label} is not connected here",
        text="Everybody here works through one account that your administrator set up, so there is"
        " nothing for you to connect.",
        hint="Nothing was changed. Tools shows what can be used.",
    )


def result_of(
    label: str, status: FlowStatus, view: ConnectionView, problem: Problem | None, return_to: str
) -> Result:
    """Return what the page says of how an attempt to connect `label` ended."""
    back = local_path(return_to, default="/tools")
    match status:
        case FlowStatus.CONNECTED:
            site = view.chosen_site
            place = f" ({site.name})" if site else ""
            whose = f" as {view.account_email}" if view.account_email else ""
            return Result(
                status="connected",
                icon="circle-check",
                title="Authentication Successful",
                text=f"{label} is connected{whose}{place}.",
                hint="You can close this window.",
                return_to=back,
            )
        case FlowStatus.CHOOSING_SITE:
            return Result(
                status="choosing_site",
                icon="globe",
                title="Choose a site",
                text=f"{view.account_email or 'Your account'} reaches several Atlassian sites. "
                "Which one do you want to use?",
                hint="You can change this later under Manage.",
                return_to=back,
            )
        case FlowStatus.DENIED:
            title = "Access declined"
            text = f"You declined access at {label}. Nothing was stored."
        case _:
            title, text = "Authentication Failed", f"{label} could not be connected."
    return Result(
        status="denied" if status is FlowStatus.DENIED else "failed",
        icon="circle-alert",
        title=title,
        text=problem.message if problem else text,
        hint=problem.hint if problem else "Try again.",
        correlation_id=problem.correlation_id if problem else "",
        at=problem.at if problem else None,
        help=help_for(problem.code, default="failed") if problem else "failed",
        return_to=back,
    )
