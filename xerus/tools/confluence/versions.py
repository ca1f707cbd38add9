"""The history of a page."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.confluence import history
from xerus.atlassian.confluence.client import READ_PAGE, Confluence
from xerus.atlassian.confluence.history import VersionPage
from xerus.atlassian.confluence.records import Page
from xerus.errors import InvalidInput
from xerus.tools.aside import aside
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.differences import Difference
from xerus.tools.confluence.fields import PageRef, VersionNumber
from xerus.tools.confluence.updates import compared
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.paging import counted, more
from xerus.tools.tables import shortened, without_empty
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("version", "at", "by", "comment")
_MOST_SHOWN = 12_000


class Versions(ReadArgs):
    """Which page, and which two versions to compare."""

    page_id: PageRef
    from_version: VersionNumber | None = Field(default=None, description="Compare this version")
    to_version: VersionNumber | None = Field(
        default=None, description="with this; default: the current"
    )
    limit: int = Field(default=10, ge=1, le=50, description="Most versions listed")
    cursor: str | None = Field(default=None, max_length=4000, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Versions, newest first."""

    page_id: str
    page: VersionPage

    def markdown(self) -> str:
        """Return a table, fenced: comments are what people wrote."""
        rows = self._rows()
        head = counted(len(rows), "version", cursor=self.page.cursor, total=None)
        text = fenced(
            without_empty(_COLUMNS, rows), source=f"versions of confluence page {self.page_id}"
        )
        return f"{head}, newest first.\n{text}{more(self.page.cursor)}"

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        return {
            "versions": [dict(zip(_COLUMNS, map(clean, row), strict=True)) for row in self._rows()],
            "cursor": self.page.cursor,
            "untrusted": ["versions[]"],
        }

    def _rows(self) -> list[list[str]]:
        return [
            [str(one.number), one.at[:16].replace("T", " "), one.author, one.message]
            for one in self.page.versions
        ]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two versions and what differs."""

    old: Page
    new: Page
    body: Difference

    def markdown(self) -> str:
        """Return the changed lines, fenced."""
        old, new = self.old, self.new
        head = f"Page {new.page_id}, version {old.version} -> {new.version}: {self.body.counts}."
        if not self.body.text and old.body != new.body:
            head += " They differ only in what Markdown does not show."
        text = self._title() + self.body.text
        if not text:
            return head
        cut = f"\nCut: {_MOST_SHOWN} of {len(text)} characters." if len(text) > _MOST_SHOWN else ""
        shown = fenced(shortened(text, _MOST_SHOWN), source=f"changes of confluence {new.page_id}")
        return f"{head}\n{shown}{cut}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "page_id": self.new.page_id,
            "from": {"version": self.old.version, "title": clean(self.old.title)},
            "to": {"version": self.new.version, "title": clean(self.new.title)},
            "diff": self.body.text,
            "untrusted": ["from.title", "to.title", "diff"],
        }

    def _title(self) -> str:
        old, new = one_line(self.old.title), one_line(self.new.title)
        return f"title: {old} -> {new}\n" if old != new else ""


@tool(
    title="Page versions",
    effect=Effect.READ,
    scopes={READ_PAGE},
    endpoints=("GET /wiki/api/v2/pages/{id}/versions", "GET /wiki/api/v2/pages/{id}"),
    data_center=("GET /rest/api/content/{id}",),
)
async def versions(confluence: Confluence, args: Versions) -> Listed | Compared:
    """List the versions of a Confluence page, or compare two as text."""
    page_id = page_id_in(confluence, args.page_id)
    if args.from_version is None and args.to_version is not None:
        raise InvalidInput("Give from_version too.")
    if args.from_version is None:
        page = await history.versions(confluence, page_id, limit=args.limit, cursor=args.cursor)
        return Listed(page_id=page_id, page=page)
    old = await confluence.page(page_id, version=args.from_version)
    new = await confluence.page(page_id, version=args.to_version)
    body = await aside(lambda: compared(old.body, new.body), size=confluence.received)
    return Compared(old=old, new=new, body=body)
