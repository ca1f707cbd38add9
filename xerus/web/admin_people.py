"""GET /admin/people: everybody who has signed in, by a filter in the address; each person's page.

Administrators only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.people import PAGE, Wanted
from xerus.accounts.sessions import Session
from xerus.audit.events import Event
from xerus.connections.views import State
from xerus.web import access, paging
from xerus.web.card import BADGES, Badge
from xerus.web.deps import WebDeps
from xerus.web.held_access import client_line
from xerus.web.people_deps import HeldConnection, PersonLine
from xerus.web.person_actions import DONE

PATH = "/admin/people"
_ONE = f"{PATH}/one"
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    """A person in the table, with the states of their connections in words."""

    line: PersonLine
    connections: Sequence[tuple[str, Badge]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A connection on a person's page."""

    held: HeldConnection
    badge: Badge


class AdminPeople:
    """Finds people and shows one; never a token, never a conversation."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.admin_page(self._deps, PATH, self._list),
            access.admin_page(self._deps, _ONE, self._one, tells_itself=True),
        ]

    async def _list(self, request: Request, session: Session) -> Response:
        wanted = _wanted(request.query_params)
        found = await self._deps.people.page(wanted)
        return self._deps.pages.render(
            request,
            "people/list.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            rows=[
                Row(line=line, connections=[(name, badge_of(s)) for name, s in line.connections])
                for line in found.lines
            ],
            portion=paging.portion(
                found.page,
                size=PAGE,
                shown=len(found.lines),
                total=found.total,
                address=lambda page: _address(wanted, page),
            ),
            wanted=wanted,
            own_id=session.user.id,
            removed=request.query_params.get("done") == "removed",
        )

    async def _one(self, request: Request, session: Session) -> Response:
        person = await self._deps.people.get(request.query_params.get("id", ""))
        await self._deps.audit.append(
            Event.ADMIN_PAGE_VIEWED, user_id=session.user.id, page=_ONE, person=person.id
        )
        return self._deps.pages.render(
            request,
            "people/one.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            person=person,
            places=[
                Place(held=held, badge=badge_of(held.view.state))
                for held in await self._deps.people.connections(person.id)
            ],
            browsers=await self._deps.sessions.of(person.id),
            clients=[client_line(row) for row in await self._deps.grants.of(person.id)],
            is_self=person.id == session.user.id,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )


def badge_of(state: State) -> Badge:
    """Return a state in a word that fits any place."""
    return (
        Badge("Has trouble", "triangle-alert", "warn") if state is State.DEGRADED else BADGES[state]
    )


def _wanted(query: QueryParams) -> Wanted:
    return Wanted(
        words=query.get("q", "").strip()[:_LONGEST],
        only_disabled=query.get("only", "") == "off",
        page=paging.page_in(query.get("page", "")),
    )


def _address(wanted: Wanted, page: int) -> str:
    whole = {
        "q": wanted.words,
        "only": "off" if wanted.only_disabled else "",
        "page": str(page) if page > 1 else "",
    }
    return paging.address(PATH, whole)
