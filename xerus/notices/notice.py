"""One thing to know, with its next step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from xerus.connections.links import Link

HIDDEN_FOR = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A trouble as it stands.

    Attributes:
        cause: names it among those of a person, or of the installation.
        level: grows as it gets worse; numbers of different causes do not compare.
        kind: how it looks: to be seen to, or not working.
        since: when it began.
        page: where it is dealt with.
        action: what the button says.
        link: the connection that consenting again mends, None for anything else.
        server: the short name of another MCP server, where that is to be connected again.
        help: the name of its answer under `/help`.
    """

    cause: str
    level: int
    kind: Literal["warn", "bad"]
    title: str
    text: str
    since: datetime
    page: str
    action: str
    link: Link | None = None
    server: str = ""
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Dismissal:
    """What a person put away, and how bad it was then."""

    level: int
    at: datetime


def still_shown(
    notices: Iterable[Notice], dismissed: Mapping[str, Dismissal], now: datetime
) -> list[Notice]:
    """Return what is not put away, the worst first.

    It comes back when it gets worse, when it ended and began anew, and after a week.
    """
    shown = [one for one in notices if not _is_hidden(one, dismissed.get(one.cause), now)]
    return sorted(shown, key=lambda one: (one.kind != "bad", one.since))


def _is_hidden(notice: Notice, dismissal: Dismissal | None, now: datetime) -> bool:
    if dismissal is None:
        return False
    is_fresh = now - dismissal.at < HIDDEN_FOR
    return is_fresh and dismissal.level >= notice.level and notice.since <= dismissal.at
