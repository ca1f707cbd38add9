"""Who may see a page, and watching it."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from xerus.atlassian.confluence import access
from xerus.atlassian.confluence.access import Restriction
from xerus.atlassian.confluence.client import (
    READ_CONTENT,
    READ_PAGE,
    READ_SUMMARY,
    WRITE_CONTENT,
    Confluence,
)
from xerus.settings.toolsets import Toolset
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.readback import read_back
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced

_COLUMNS = ("may", "people", "groups")


class Restrictions(ReadArgs):
    """Which page."""

    page_id: PageRef


@dataclass(frozen=True, kw_only=True)
class Restricted:
    """Restrictions of one page."""

    page_id: str
    entries: list[Restriction]

    def markdown(self) -> str:
        """Return who alone may see and edit it, fenced."""
        limited = [entry for entry in self.entries if entry.users or entry.groups]
        note = "Restrictions of pages above it hold too and are not shown."
        if not limited:
            return f"Page {self.page_id} has no restrictions of its own. {note}"
        rows = [[one.operation, ", ".join(one.users), ", ".join(one.groups)] for one in limited]
        shown = fenced(table(_COLUMNS, rows), source=f"restrictions of confluence {self.page_id}")
        return f"Only these may see (read) or edit (update) page {self.page_id}. {note}\n{shown}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "page_id": self.page_id,
            "restrictions": {
                one.operation: {
                    "people": [clean(name) for name in one.users],
                    "groups": [clean(name) for name in one.groups],
                }
                for one in self.entries
            },
            "untrusted": ["restrictions"],
        }


@tool(
    title="Page restrictions",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_CONTENT, READ_PAGE},
    endpoints=(
        "GET /wiki/api/v2/pages/{id}",
        "GET /wiki/rest/api/content/{id}/restriction/byOperation",
    ),
    data_center=(
        "GET /rest/api/content/{id}",
        "GET /rest/api/content/{id}/restriction/byOperation",
    ),
)
async def restrictions(confluence: Confluence, args: Restrictions) -> Restricted:
    """Show who alone may see and edit a Confluence page."""
    # The other request answers even for pages that the account may not see.
    page = await confluence.page(page_id_in(confluence, args.page_id), form="none")
    entries = await access.restrictions(confluence, page.page_id)
    return Restricted(page_id=page.page_id, entries=entries)


class Watch(SiteArgs):
    """Which page, and whether to watch it."""

    page_id: PageRef
    watch: bool = Field(default=True, description="false: stop watching")


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Before and after."""

    page_id: str
    before: bool
    after: bool
    problem: str

    def markdown(self) -> str:
        """Return what is so now, and what was."""
        now = "is watched" if self.after else "is not watched"
        changed = "before it was" if self.before else "before it was not"
        return f"{self.problem}Page {self.page_id} {now} by the connected account; {changed}."

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {"page_id": self.page_id, "watching": {"old": self.before, "new": self.after}}


@tool(
    title="Watch page",
    effect=Effect.UPDATE,
    toolset=Toolset.EXTRA,
    scopes={WRITE_CONTENT, READ_SUMMARY},
    endpoints=(
        "GET /wiki/rest/api/user/watch/content/{contentId}",
        "POST /wiki/rest/api/user/watch/content/{contentId}",
        "DELETE /wiki/rest/api/user/watch/content/{contentId}",
    ),
    data_center=(
        "GET /rest/api/user/watch/content/{contentId}",
        "POST /rest/api/user/watch/content/{contentId}",
        "DELETE /rest/api/user/watch/content/{contentId}",
    ),
)
async def watch(confluence: Confluence, args: Watch) -> Watched:
    """Watch a Confluence page, or stop; for the connected account."""
    page_id = page_id_in(confluence, args.page_id)
    before = await access.is_watched(confluence, page_id)
    await access.watch(confluence, page_id, on=args.watch)
    after, problem = await read_back(access.is_watched(confluence, page_id), otherwise=args.watch)
    if after != args.watch:
        problem = "But Confluence did not take it. "
    return Watched(page_id=page_id, before=before, after=after, problem=problem)
