"""Who may see a page and whose form is taken: stands in front of every handler."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.cookies import Cookies
from xerus.accounts.sessions import Session
from xerus.audit.events import Event
from xerus.errors import Forbidden, NotSignedIn, TooLarge
from xerus.pages import csrf
from xerus.pages.bounded_body import read_bounded
from xerus.pages.own_request import is_own
from xerus.pages.rendering import Viewer
from xerus.web import banner
from xerus.web.deps import SessionService, WebDeps

Page = Callable[[Request, Session], Awaitable[Response]]
Form = Callable[[Request, Session, FormData], Awaitable[Response]]

_LARGEST_FORM = 64 * 1024
_MOST_FIELDS = 20


def page(deps: WebDeps, path: str, handler: Page, *, framed: bool = True) -> Route:
    """Return the route of a page for signed-in people; others are sent to sign in and come back.

    `framed` pages have the notices above them.
    """

    async def endpoint(request: Request) -> Response:
        session = await deps.session_of(request)
        if session is None:
            return _to_sign_in(request)
        if framed:
            await _frame(deps, request, session)
        return await handler(request, session)

    return Route(path, endpoint, methods=["GET"])


def data(deps: WebDeps, path: str, handler: Page) -> Route:
    """Return a route that scripts read; without a session it answers 401."""

    async def endpoint(request: Request) -> Response:
        session = await deps.session_of(request)
        if session is None:
            raise NotSignedIn("You are signed out.", hint="Reload the page and sign in.")
        return await handler(request, session)

    return Route(path, endpoint, methods=["GET"])


def action(
    deps: WebDeps,
    path: str,
    handler: Form,
    *,
    framed: bool = False,
    largest: int = _LARGEST_FORM,
    most_fields: int = _MOST_FIELDS,
) -> Route:
    """Return the route of a form: signed in, from our own page, with the session's CSRF token.

    `framed` where it is answered by a page of its own; `largest` in bytes.
    """

    async def endpoint(request: Request) -> Response:
        require_own_request(deps, request)
        session = await deps.session_of(request)
        if session is None:
            return RedirectResponse("/signin", 303)
        form = await read_form(request, largest=largest, most_fields=most_fields)
        if not deps.csrf.check(session.id, field(form, csrf.FIELD)):
            raise Forbidden(
                "This form is out of date, so nothing was done.",
                code="form_expired",
                hint="Go back, reload the page and try again.",
            )
        if framed:
            await _frame(deps, request, session)
        return await handler(request, session, form)

    return Route(path, endpoint, methods=["POST"])


def admin_page(deps: WebDeps, path: str, handler: Page, *, tells_itself: bool = False) -> Route:
    """Return the route of a page for administrators, who are seen to look at it.

    Others are told whom it is for. Nobody is shown anything that could not be recorded: here, or
    by a handler that `tells_itself` what was looked at.
    """

    async def shown(request: Request, session: Session) -> Response:
        await _require_admin(deps, request, session)
        if not tells_itself:
            await deps.audit.append(
                Event.ADMIN_PAGE_VIEWED, user_id=session.user.id, page=request.url.path
            )
        return await handler(request, session)

    return page(deps, path, shown)


def admin_action(deps: WebDeps, path: str, handler: Form) -> Route:
    """Return the route of a form for administrators."""

    async def done(request: Request, session: Session, form: FormData) -> Response:
        await _require_admin(deps, request, session)
        return await handler(request, session, form)

    return action(deps, path, done)


async def _frame(deps: WebDeps, request: Request, session: Session) -> None:
    request.state.notices = banner.lines(await deps.notices.of(session.user), request.url.path)


async def _require_admin(deps: WebDeps, request: Request, session: Session) -> None:
    if not session.user.is_admin:
        await deps.audit.append(
            Event.ADMIN_PAGE_REFUSED, user_id=session.user.id, page=request.url.path
        )
        raise Forbidden(
            "This page is for administrators.",
            hint="An administrator can add you to XERUS_ADMINS.",
        )


def require_own_request(deps: WebDeps, request: Request) -> None:
    """Refuse what another site made the browser send.

    Raises:
        Forbidden: `Sec-Fetch-Site` or `Origin` names another site.
    """
    if not is_own(request.headers, public_url=deps.public_url):
        raise Forbidden(
            "This request came from another site, so nothing was done.",
            code="cross_site",
            hint="Open Xerus directly and try again.",
        )


async def read_form(
    request: Request, *, largest: int = _LARGEST_FORM, most_fields: int = _MOST_FIELDS
) -> FormData:
    """Return the fields of a form, within a size that it stays under.

    Raises:
        TooLarge: the form is longer or has more fields.
    """
    body = await read_bounded(request, largest)
    if body is None:
        raise TooLarge("That is too long.", hint="Shorten the text and send it again.")
    request._body = body  # noqa: SLF001 - `Request.form` reads it from there
    try:
        return await request.form(max_fields=most_fields, max_files=0)
    except HTTPException as exc:
        raise TooLarge("That form has too many fields.", hint="Reload the page.") from exc


def field(form: FormData, name: str) -> str:
    """Return a text field of a form, '' if it is absent."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def viewer(session: Session) -> Viewer:
    """Return what the page frame shows of a person."""
    user = session.user
    return Viewer(name=user.name, email=user.email, is_admin=user.is_admin)


async def viewer_of(
    request: Request, *, cookies: Cookies, sessions: SessionService
) -> Viewer | None:
    """Return who is signed in, for the error pages, which every role has."""
    token = cookies.session_token(request)
    session = await sessions.read(token) if token else None
    return viewer(session) if session else None


def is_fragment(request: Request) -> bool:
    """Tell whether htmx asks, which puts the answer into the page it has."""
    return request.headers.get("hx-request") == "true"


def _to_sign_in(request: Request) -> Response:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/signin?return_to={quote(asked, safe='/')}", 303)
