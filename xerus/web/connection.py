"""The connection in detail: what it may do, a test of it, and its end."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.links import Link
from xerus.connections.views import Check
from xerus.web import access
from xerus.web.card import APPS_AT_ATLASSIAN, base_of, card_for
from xerus.web.deps import WebDeps
from xerus.web.permissions import in_groups
from xerus.web.policies import PolicyForm
from xerus.web.policy_deps import ToolTable


class ConnectionPages:
    """GET {link}, POST {link}/test, POST {link}/disconnect."""

    def __init__(self, deps: WebDeps, link: Link) -> None:
        self._deps = deps
        self._link = link
        self._base = base_of(link)
        self._connections = deps.links[link]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, self._base, self._show),
            access.action(self._deps, f"{self._base}/test", self._test, framed=True),
            access.page(self._deps, f"{self._base}/disconnect", self._ask),
            access.action(self._deps, f"{self._base}/disconnect", self._disconnect),
            PolicyForm(self._deps, self._base, self._table).route(),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session, None)

    async def _test(self, request: Request, session: Session, _form: FormData) -> Response:
        check = await self._connections.test(session.user.id)
        return await self._page(request, session, check)

    async def _ask(self, request: Request, session: Session) -> Response:
        view = await self._connections.view(session.user.id)
        return self._deps.pages.render(
            request,
            "connect/disconnect.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            account_email=view.account_email,
            link=self._link,
            base=self._base,
            apps=APPS_AT_ATLASSIAN,
        )

    async def _disconnect(self, request: Request, session: Session, form: FormData) -> Response:
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session)
        await self._connections.disconnect(session.user.id)
        # Approved later, they would be made by another account.
        await self._deps.assistant.run_out(session.user.id)
        return RedirectResponse("/tools", 303)

    async def _table(self, _request: Request, session: Session) -> tuple[str, ToolTable]:
        found = await self._deps.policies.ours(session.user.id, self._link.products)
        return self._base, found

    async def _page(self, request: Request, session: Session, check: Check | None) -> Response:
        view = await self._connections.view(session.user.id)
        flow = await self._connections.flow(session.user.id, None)
        mode, now = self._deps.credentials_mode, self._deps.clock.now()
        return self._deps.pages.render(
            request,
            "connect/detail.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            view=view,
            card=card_for(
                self._link,
                view,
                flow,
                mode=mode,
                now=now,
                shared_products=self._deps.shared_products,
            ),
            permission_groups=in_groups(view.scopes, view.missing_scopes),
            link=self._link,
            check=check,
            table=(await self._table(request, session))[1],
            told=request.query_params.get("tools", ""),
            in_company=bool(view.connection_id)
            and await self._connections.has_company(session.user.id),
        )
