"""How often a page is looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from xerus.atlassian.confluence import views as api
from xerus.atlassian.confluence.client import READ_SUMMARY, Confluence
from xerus.atlassian.confluence.views import VIEWERS, VIEWS, Views
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.confluence.addressing import page_id_in
from xerus.tools.confluence.fields import PageRef
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.since import instant


class GetPageViews(ReadArgs):
    """Of which page, and since when."""

    page_id: PageRef
    since: str | None = Field(default=None, max_length=40, description="2026-01-31 or -7d")


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """Counts of one page; `since` is None for all time."""

    page_id: str
    counts: Views
    since: datetime | None

    def markdown(self) -> str:
        """Return one line."""
        span = f" since {self.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.since else ""
        return (
            f"Page {self.page_id}{span}: views: {self.counts.views}, "
            f"people who viewed it: {self.counts.viewers}."
        )

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "page_id": self.page_id,
            "views": self.counts.views,
            "viewers": self.counts.viewers,
            "since": self.since.isoformat() if self.since else None,
        }


@tool(
    title="Get page views",
    effect=Effect.READ,
    toolset=Toolset.EXTRA,
    scopes={READ_SUMMARY},
    endpoints=(VIEWS, VIEWERS),
)
async def get_page_views(confluence: Confluence, args: GetPageViews) -> Viewed:
    """Count views and viewers of a Confluence page (Cloud)."""
    page_id = page_id_in(confluence, args.page_id)
    since = instant(args.since) if args.since else None
    if not confluence.is_cloud:
        raise InvalidInput("Confluence Data Center counts no views in its REST API.")
    counts = await api.views(confluence, page_id, since)
    return Viewed(page_id=page_id, counts=counts, since=since)
