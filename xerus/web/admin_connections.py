"""GET /admin/connections: counts by state, causes and whom they concern, keys, processes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.connections.history import HOUR
from xerus.connections.links import Link
from xerus.errors import InvalidInput
from xerus.vault.store import KeyRow
from xerus.web import access
from xerus.web.admin_quotas import in_words
from xerus.web.admin_use import Tab
from xerus.web.deps import WebDeps
from xerus.web.health_charts import HEIGHT, RANGES, WIDTH, charts

_WORDS: Mapping[str, str] = {
    "choosing_site": "Choosing a site",
    "degraded": "In trouble",
    "expiring_soon": "Expires soon",
    "refreshing": "Being renewed",
    "replaced": "Replaced by another account",
}
_KEY_WORDS = {
    "active": ("In use", "circle-check", "ok"),
    "waiting": ("Published, used soon", "clock", "busy"),
    "decrypt_only": ("Only opens", "clock", ""),
    "verify_only": ("Only verifies", "clock", ""),
}


@dataclass(frozen=True, kw_only=True)
class StateLine:
    """How many connections by one link are in each state, in words."""

    name: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class KeyLine:
    """A key in words."""

    row: KeyRow
    word: str
    icon: str
    kind: str
    holds: str


class AdminConnections:
    """Counts, causes and keys; no token ever."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    def routes(self) -> list[Route]:
        """Return the route."""
        return [access.admin_page(self._deps, "/admin/connections", self._show)]

    async def _show(self, request: Request, session: Session) -> Response:
        admin = self._deps.admin
        asked = request.query_params
        link, cause = asked.get("link", ""), asked.get("cause", "")
        chosen = asked.get("range", "24h")
        if chosen not in RANGES:
            raise InvalidInput("That time cannot be shown.", hint="Open Admin, then Connections.")
        _, span, each = RANGES[chosen]
        hours = await self._deps.oversight.history.hours(self._deps.clock.now() - span + HOUR)
        return self._deps.pages.render(
            request,
            "admin/connections.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            states=[
                *_by_link(await admin.connection_states()),
                *_by_server(await admin.server_states()),
            ],
            causes=await admin.causes(),
            cause=cause,
            concerned=await admin.concerned(_link(link), cause) if cause else None,
            shared_accounts=await admin.shared_accounts(),
            keys=[_key(row) for row in await admin.keys()],
            processes=await admin.processes(),
            charts=charts(hours, each=each),
            width=WIDTH,
            height=HEIGHT,
            ranges=[
                Tab(
                    word=word,
                    address=f"/admin/connections?range={name}#over-time",
                    is_here=name == chosen,
                )
                for name, (word, _, _) in RANGES.items()
            ],
            quotas=in_words(await admin.atlassian_usage(), admin.atlassian_held()),
        )


def word_of(state: str) -> str:
    """Return what administrators read for a state."""
    return _WORDS.get(state) or state.replace("_", " ").capitalize()


def _by_link(states: Mapping[tuple[Link, str], int]) -> list[StateLine]:
    links = sorted({link for link, _ in states}, key=lambda link: list(Link).index(link))
    return [
        StateLine(
            name=link.label,
            counts=tuple((word_of(state), n) for (of, state), n in states.items() if of is link),
        )
        for link in links
    ]


def _by_server(states: Iterable[tuple[str, str, int]]) -> list[StateLine]:
    return [
        StateLine(name=name, counts=tuple((word_of(state), n) for _, state, n in of))
        for name, of in groupby(states, key=itemgetter(0))
    ]


def _key(row: KeyRow) -> KeyLine:
    word, icon, kind = _KEY_WORDS[row.state]
    if not row.is_finished:
        word, icon, kind = "In use, rotation not finished", "loader-circle", "busy"
    holds = "" if row.sealed is None else f"{row.sealed:,} credentials and sign-ins"
    return KeyLine(row=row, word=word, icon=icon, kind=kind, holds=holds)


def _link(name: str) -> Link:
    try:
        return Link(name)
    except ValueError:
        raise InvalidInput(
            "There is no such kind of connection.", hint="Open Admin, then Connections."
        ) from None
