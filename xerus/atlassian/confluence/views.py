"""How often a page was looked at: Cloud alone counts."""

from dataclasses import dataclass
from datetime import UTC, datetime

from xerus.atlassian.confluence.client import READ_SUMMARY, Confluence

VIEWS = "GET /wiki/rest/api/analytics/content/{contentId}/views"
VIEWERS = "GET /wiki/rest/api/analytics/content/{contentId}/viewers"


@dataclass(frozen=True, kw_only=True)
class Views:
    """Counts of one page: times it was looked at, and people who did."""

    views: int
    viewers: int


async def views(confluence: Confluence, page_id: str, since: datetime | None) -> Views:
    """Count all views of a page, or those from an instant on."""
    return Views(
        views=await _count(confluence, VIEWS, page_id, since),
        viewers=await _count(confluence, VIEWERS, page_id, since),
    )


async def _count(
    confluence: Confluence, endpoint: str, page_id: str, since: datetime | None
) -> int:
    method, template = endpoint.split()
    at = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z" if since else ""
    answer = await confluence.send(
        method,
        template,
        path={"contentId": page_id},
        query={"fromDate": at} if at else None,
        scope=READ_SUMMARY,
    )
    return int(answer["count"])
