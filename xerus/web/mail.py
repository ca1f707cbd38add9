"""E-mail of notices: a person's choice, and for administrators whether it works."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import XerusError
from xerus.web import access
from xerus.web.deps import WebDeps


class MailPages:
    """POST /access/mail; GET and POST /admin/mail."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.action(self._deps, "/access/mail", self._choose),
            access.admin_page(self._deps, "/admin/mail", self._show),
            access.admin_action(self._deps, "/admin/mail/test", self._test),
        ]

    async def _choose(self, _request: Request, session: Session, form: FormData) -> Response:
        wants = access.field(form, "wanted") == "yes"
        await self._deps.mail.choose(session.user.id, wants=wants)
        return RedirectResponse(f"/access?ended=mail-{'on' if wants else 'off'}", 303)

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session)

    async def _test(self, request: Request, session: Session, _form: FormData) -> Response:
        try:
            await self._deps.mail.test(session.user)
        except XerusError as error:
            return await self._page(request, session, error=error)
        return await self._page(request, session, sent_to=session.user.email)

    async def _page(
        self,
        request: Request,
        session: Session,
        *,
        error: XerusError | None = None,
        sent_to: str = "",
    ) -> Response:
        mail = self._deps.mail
        return self._deps.pages.render(
            request,
            "admin/mail.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            configured=mail.configured,
            counts=await mail.counts() if mail.configured else None,
            error=error,
            sent_to=sent_to,
            own_address=session.user.email,
        )
