"""What the chat shows where calls wait for a connection, to Atlassian or to another server."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from xerus.accounts.sessions import Session
from xerus.assistant.entries import NeedsConnectionEntry
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView
from xerus.errors import NotFound
from xerus.web.assistant_deps import Entry
from xerus.web.card import Card, card_for
from xerus.web.deps import WebDeps
from xerus.web.permissions import in_words
from xerus.web.server_card import server_card

Ready = Literal["", "by_hand", "at_once"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How far the way is open for calls that wait.

    Attributes:
        card: of the connection that they wait for.
        ready: whether the calls can go on: at once where the connection was made after they began
            to wait, by hand where it may have been there before, and they failed all the same.
        permissions: what has to be allowed further, in plain words.
    """

    card: Card
    ready: Ready
    permissions: Sequence[str] = ()


Waits: TypeAlias = Mapping[str, Waiting]
"""By the first of an entry's calls; none for calls of a server that is gone."""

_OF_A_WAIT = {
    "waiting": "Approval needed. Alt+A leads to it.",
    "expired": "The approval ran out. Nothing was changed.",
    "superseded": "Not run: you wrote something else instead.",
    "disconnected": "Not run: Atlassian was disconnected.",
}
_OF_A_CUT = {
    "stopped": "Stopped.",
    "interrupted": "The answer was interrupted by a restart.",
    "cut off": "The answer was cut off.",
}


def announcement(entries: Sequence[Entry], waits: Waits) -> str:
    """Return what a screen reader is told when a transcript has changed."""
    if not entries:
        return ""
    if waits:
        waiting = next(iter(waits.values()))
        return "Connected. Going on." if waiting.ready == "at_once" else _missing(waiting)
    last = next((one for one in reversed(entries) if one.kind != "usage"), entries[-1])
    if last.kind in {"approval", "needs_connection"}:
        return _OF_A_WAIT.get(getattr(last, "state", ""), "Answer ready.")
    if last.kind == "cut":
        return _OF_A_CUT[getattr(last, "how", "stopped")]
    return "Something went wrong." if last.kind == "error" else "Answer ready."


def _missing(waiting: Waiting) -> str:
    name = waiting.card.name
    return f"{name} lacks a permission." if waiting.permissions else f"{name} is not connected."


async def waits_in(deps: WebDeps, session: Session, entries: Sequence[Entry]) -> Waits:
    """Return how far the way is open for each group of calls that waits in a transcript."""
    waits: dict[str, Waiting] = {}
    for entry in entries:
        if isinstance(entry, NeedsConnectionEntry) and entry.state == "waiting":
            wait = await (_at_server if entry.server else _at_atlassian)(deps, session, entry)
            if wait is not None:
                waits[entry.call_ids[0]] = wait
    return waits


async def _at_server(
    deps: WebDeps, session: Session, entry: NeedsConnectionEntry
) -> Waiting | None:
    try:
        link = await deps.remotes.link(session.user.id, entry.server)
    except NotFound:
        return None
    view = await link.view(session.user.id)
    return Waiting(
        card=await server_card(deps, link, session), ready=_ready([view], entry.asked_at)
    )


async def _at_atlassian(deps: WebDeps, session: Session, entry: NeedsConnectionEntry) -> Waiting:
    user_id = session.user.id
    views = {link: await deps.links[link].view(user_id) for link in deps.offered}
    shown = _shown(views, lacking=bool(entry.lacking))
    return Waiting(
        card=card_for(
            shown,
            views[shown],
            await deps.links[shown].flow(user_id, None),
            mode=deps.credentials_mode,
            shared_products=deps.shared_products,
            now=deps.clock.now(),
        ),
        ready=_ready(views.values(), entry.asked_at, lacking=bool(entry.lacking)),
        permissions=in_words(entry.lacking),
    )


def _ready(
    views: Collection[ConnectionView], asked_at: datetime, *, lacking: bool = False
) -> Ready:
    """Return whether calls that wait since `asked_at` can go on.

    A connection is newer than the wait exactly once, so a call that fails again is not begun again
    and again: it waits anew, from later on.
    """
    usable = [view for view in views if view.usable]
    if any(view.connected_at and view.connected_at > asked_at for view in usable):
        return "at_once"
    return "by_hand" if usable and not lacking else ""


def _shown(views: Mapping[Link, ConnectionView], *, lacking: bool) -> Link:
    """Return where the person connects: where they are not, or where a scope is lacking."""
    wanted = [link for link, view in views.items() if view.usable is lacking]
    return next(iter(wanted or views))
