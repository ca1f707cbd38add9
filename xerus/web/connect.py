"""The way to Atlassian and back: start, callback, choice of a site, cancel."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.views import ConnectionView, FlowStatus, FlowView, Problem, State
from xerus.errors import InvalidInput, XerusError
from xerus.ids import CloudId
from xerus.pages.local_path import local_path
from xerus.web import access
from xerus.web.card import card_for
from xerus.web.deps import WebDeps
from xerus.web.tools import card_fragment

_BASE = "/connections/atlassian"
_NO_STORE = {"Cache-Control": "no-store"}
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
    return_to: str = "/tools"


class ConnectPages:
    """The pages of the popup; each works in a tab of its own too."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, f"{_BASE}/start", self._start),
            access.page(self._deps, f"{_BASE}/callback", self._callback),
            access.page(self._deps, f"{_BASE}/done", self._done),
            access.action(self._deps, f"{_BASE}/site", self._choose_site),
            access.action(self._deps, f"{_BASE}/cancel", self._cancel),
        ]

    async def _start(self, request: Request, session: Session) -> Response:
        access.require_own_request(request)
        return_to = local_path(request.query_params.get("return_to"), default=_came_from(request))
        try:
            started = await self._deps.connections.begin(
                user_id=session.user.id, session_id=session.id, return_to=return_to
            )
        except XerusError as error:
            result = Result(
                status="failed",
                icon="circle-alert",
                title="Atlassian cannot be connected",
                text=error.message,
                hint=error.hint,
            )
            return await self._page(request, session, result, status=error.status)
        return RedirectResponse(started.url, 303, headers=_NO_STORE)

    async def _callback(self, request: Request, session: Session) -> Response:
        query = dict(request.query_params)
        if not query:
            raise InvalidInput(_NO_PARAMETERS, hint="Start again from the Tools page.")
        outcome = await self._deps.connections.complete(
            user_id=session.user.id, session_id=session.id, query=query
        )
        result = _result(outcome.status, outcome.view, outcome.error, outcome.return_to)
        return await self._page(request, session, result)

    async def _done(self, request: Request, session: Session) -> Response:
        view = await self._deps.connections.view(session.user.id)
        flow = await self._deps.connections.flow(session.user.id, None)
        result = _result(_status(view, flow), view, flow.error if flow else None, "/tools")
        return await self._page(request, session, result)

    async def _choose_site(self, _request: Request, session: Session, form: FormData) -> Response:
        cloud_id = CloudId(access.field(form, "cloud_id"))
        await self._deps.connections.choose_site(session.user.id, cloud_id)
        return RedirectResponse(local_path(access.field(form, "return_to"), default="/tools"), 303)

    async def _cancel(self, request: Request, session: Session, _form: FormData) -> Response:
        await self._deps.connections.cancel(session.user.id)
        if access.is_fragment(request):
            return await card_fragment(self._deps, request, session)
        return RedirectResponse("/tools", 303)

    async def _page(
        self, request: Request, session: Session, result: Result, *, status: int = 200
    ) -> Response:
        view = await self._deps.connections.view(session.user.id)
        return self._deps.pages.render(
            request,
            "connect/result.html",
            viewer=None,  # a small window: no navigation in it
            csrf=session.csrf,
            status=status,
            result=result,
            card=card_for(view, None, mode=self._deps.credentials_mode, now=self._deps.clock.now()),
        )


def _came_from(request: Request) -> str:
    """Return the page the button stood on, so that "Use this tab instead" leads back to it."""
    path = local_path(urlsplit(request.headers.get("referer", "")).path, default="/tools")
    return "/tools" if path.startswith((_BASE + "/", "/signin")) else path


def _status(view: ConnectionView, flow: FlowView | None) -> FlowStatus:
    if view.state is State.CHOOSING_SITE:
        return FlowStatus.CHOOSING_SITE
    if view.usable:
        return FlowStatus.CONNECTED
    return flow.status if flow else FlowStatus.FAILED


def _result(
    status: FlowStatus, view: ConnectionView, problem: Problem | None, return_to: str
) -> Result:
    back = local_path(return_to, default="/tools")
    match status:
        case FlowStatus.CONNECTED:
            site = view.chosen_site
            place = f" ({site.name})" if site else ""
            return Result(
                status="connected",
                icon="circle-check",
                title="Authentication Successful",
                text=f"Atlassian is connected as {view.account_email}{place}.",
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
            title, text = "Access declined", "You declined access at Atlassian. Nothing was stored."
        case _:
            title, text = "Authentication Failed", "Atlassian could not be connected."
    return Result(
        status="denied" if status is FlowStatus.DENIED else "failed",
        icon="circle-alert",
        title=title,
        text=problem.message if problem else text,
        hint=problem.hint if problem else "Try again.",
        correlation_id=problem.correlation_id if problem else "",
        return_to=back,
    )
