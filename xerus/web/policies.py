"""The table of tools on the page of a connection: how each may run, saved by a plain form."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import access
from xerus.web.deps import WebDeps
from xerus.web.policy_deps import ToolTable

_MOST_FIELDS = 400

TableOf: TypeAlias = Callable[[Request, Session], Awaitable[tuple[str, ToolTable]]]
"""Returns the path of the page of a request, and the table that is on it."""


class PolicyForm:
    """POST {base}/policies; `table_of` finds the table of a request."""

    def __init__(self, deps: WebDeps, base: str, table_of: TableOf) -> None:
        self._deps = deps
        self._base = base
        self._table_of = table_of

    def route(self) -> Route:
        """Return the route."""
        return access.action(
            self._deps, f"{self._base}/policies", self._save, most_fields=_MOST_FIELDS
        )

    async def _save(self, request: Request, session: Session, form: FormData) -> Response:
        page, table = await self._table_of(request, session)
        if access.field(form, "do") == "reset":
            await self._deps.policies.reset(session.user.id, table)
            return RedirectResponse(f"{page}?tools=reset#tools", 303)
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        await self._deps.policies.save(session.user.id, table, given)
        return RedirectResponse(f"{page}?tools=saved#tools", 303)
