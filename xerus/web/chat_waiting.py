"""What the chat shows where calls wait for a connection to Atlassian."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xerus.assistant.entries import NeedsConnectionEntry
from xerus.connections.links import Link
from xerus.connections.views import ConnectionView
from xerus.web.deps import Entry
from xerus.web.permissions import in_words

Ready = Literal["", "by_hand", "at_once"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How far the way to Atlassian is open for calls that wait.

    Attributes:
        link: where the person connects.
        ready: whether the calls can go on: at once where the connection was made after they began
            to wait, by hand where it may have been there before, and they failed all the same.
        permissions: what has to be allowed further, in plain words.
    """

    link: Link
    ready: Ready
    permissions: Sequence[str] = ()


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


def announcement(entries: Sequence[Entry], waiting: Waiting | None) -> str:
    """Return what a screen reader is told when a transcript has changed."""
    if not entries:
        return ""
    last = entries[-1]
    if waiting is not None:
        return "Connected. Going on." if waiting.ready == "at_once" else _missing(waiting)
    if last.kind in {"approval", "needs_connection"}:
        return _OF_A_WAIT.get(getattr(last, "state", ""), "Answer ready.")
    if last.kind == "cut":
        return _OF_A_CUT[getattr(last, "how", "stopped")]
    return "Something went wrong." if last.kind == "error" else "Answer ready."


def _missing(waiting: Waiting) -> str:
    name = waiting.link.label
    return f"{name} lacks a permission." if waiting.permissions else f"{name} is not connected."


def waiting_in(entries: Sequence[Entry], views: Mapping[Link, ConnectionView]) -> Waiting | None:
    """Return how far the way is open for the calls at the end of a transcript, if any wait."""
    last = entries[-1] if entries else None
    if not isinstance(last, NeedsConnectionEntry) or last.state != "waiting":
        return None
    return waiting_for(views, asked_at=last.asked_at, lacking=last.lacking)


def waiting_for(
    views: Mapping[Link, ConnectionView], *, asked_at: datetime, lacking: Sequence[str]
) -> Waiting:
    """Return it for calls that wait since `asked_at`, for the scopes `lacking` if any are named.

    A connection is newer than the wait exactly once, so a call that fails again is not begun again
    and again: it waits anew, from later on.
    """
    usable = {link: view for link, view in views.items() if view.usable}
    newer = any(view.connected_at and view.connected_at > asked_at for view in usable.values())
    if newer:
        ready: Ready = "at_once"
    else:
        ready = "by_hand" if usable and not lacking else ""
    wanted = usable if lacking else views.keys() - usable.keys()
    return Waiting(
        link=next((link for link in views if link in wanted), next(iter(views))),
        ready=ready,
        permissions=in_words(lacking),
    )
