"""The line above a page: what a person should know of, with its button and a way to put it away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from xerus.notices.notice import Notice
from xerus.web.card import base_of
from xerus.web.server_deps import BASE

_SAY_IT_THEMSELVES = ("/tools", "/connections", "/help")
"""Pages that show how each connection stands, with the same buttons."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A notice as a page shows it."""

    cause: str
    kind: Literal["warn", "bad"]
    title: str
    text: str
    since: datetime
    action: str
    href: str
    help: str


def lines(notices: Iterable[Notice], path: str) -> list[Line]:
    """Return the lines above the page at `path`; connecting again leads back to it."""
    return [_line(one, path) for one in notices if not _is_said_by(path, one)]


def _is_said_by(path: str, notice: Notice) -> bool:
    return notice.page == "/tools" and path.startswith(_SAY_IT_THEMSELVES)


def _line(notice: Notice, path: str) -> Line:
    href = notice.page
    if notice.link is not None:
        href = f"{base_of(notice.link)}/start?{urlencode({'return_to': path})}"
    elif notice.server:
        href = f"{BASE.format(slug=notice.server)}/start?{urlencode({'return_to': path})}"
    return Line(
        cause=notice.cause,
        kind=notice.kind,
        title=notice.title,
        text=notice.text,
        since=notice.since,
        action=notice.action,
        href=href,
        help=notice.help,
    )
