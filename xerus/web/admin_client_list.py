"""GET /admin/clients: every MCP client, by a filter in the address; those never used, deleted.

Administrators only.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import cast

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.errors import InvalidInput
from xerus.grants.administered import PAGE, Wanted
from xerus.grants.clients import Source
from xerus.web import access, paging
from xerus.web.admin_clients import PATH, SOURCES, line
from xerus.web.deps import WebDeps

_UNUSED = f"{PATH}/unused"
_LONGEST = 200
_LOOK = "Open Admin, then MCP clients."
_ORDERS: Mapping[str, str] = MappingProxyType(
    {"used": "Last used first", "registered": "Last registered first"}
)


class AdminClientList:
    """Finds clients, and deletes those that nobody ever used."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, PATH, self._list),
            access.admin_page(self._deps, _UNUSED, self._ask),
            access.admin_action(self._deps, _UNUSED, self._remove),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        wanted = _wanted(request.query_params)
        found = await self._deps.clients.found(wanted)
        unused = await self._deps.clients.unused()
        return self._deps.pages.render(
            request,
            "admin/clients.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            clients=[line(row) for row in found.rows],
            total=found.total,
            portion=paging.portion(
                found.page,
                size=PAGE,
                shown=len(found.rows),
                total=found.total,
                address=lambda page: _address(wanted, page),
            ),
            wanted=wanted,
            is_filtered=bool(wanted.words or wanted.source or wanted.never_used),
            kinds={source: words for source, (words, _) in SOURCES.items()},
            orders=_ORDERS,
            unused=unused.total,
            removed=_removed(request.query_params.get("done", "")),
        )

    async def _ask(self, request: Request, session: Session) -> Response:
        return self._deps.pages.render(
            request,
            "admin/remove_unused.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            unused=await self._deps.clients.unused(),
        )

    async def _remove(self, request: Request, session: Session, form: FormData) -> Response:
        if access.field(form, "confirm") != "yes":
            return await self._ask(request, session)
        try:
            before = datetime.fromisoformat(access.field(form, "before"))
        except ValueError as exc:
            raise InvalidInput("This form is not complete.", hint=_LOOK) from exc
        if before.tzinfo is None:
            raise InvalidInput("This form is not complete.", hint=_LOOK)
        removed = await self._deps.clients.remove_unused(before, by=session.user.id)
        return RedirectResponse(f"{PATH}?done={removed}", 303)


def _wanted(query: QueryParams) -> Wanted:
    source = query.get("kind", "")
    order = query.get("order", "") or "used"
    if (source and source not in SOURCES) or order not in _ORDERS:
        raise InvalidInput("There is no such list of clients.", hint=_LOOK)
    return Wanted(
        words=query.get("q", "").strip()[:_LONGEST],
        source=cast("Source", source) if source else None,
        never_used=query.get("use", "") == "never",
        order="registered" if order == "registered" else "used",
        page=paging.page_in(query.get("page", "")),
    )


def _address(wanted: Wanted, page: int) -> str:
    whole = {
        "q": wanted.words,
        "kind": wanted.source or "",
        "use": "never" if wanted.never_used else "",
        "order": wanted.order if wanted.order != "used" else "",
        "page": str(page) if page > 1 else "",
    }
    return paging.address(PATH, whole)


def _removed(done: str) -> int | None:
    """Return how many clients were just deleted, None where none were asked to be."""
    if done == "removed":
        return 1
    return paging.page_in(done) if done.isdecimal() and done != "0" else None
