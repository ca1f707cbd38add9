"""Templates of pages: Cloud alone has them in its REST API, v1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xerus.atlassian.confluence.client import READ_SUMMARY, Confluence
from xerus.atlassian.confluence.records import next_cursor

LIST = "GET /wiki/rest/api/template/page"
GET = "GET /wiki/rest/api/template/{contentTemplateId}"


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template; `space_key` is '' for one of the whole site, `body` storage format or ''."""

    template_id: str
    name: str
    description: str
    space_key: str
    body: str


@dataclass(frozen=True, kw_only=True)
class TemplatePage:
    """Some templates, and the cursor for more."""

    templates: list[Template]
    cursor: str | None


async def templates(
    confluence: Confluence, space_key: str | None, *, limit: int, cursor: str | None
) -> TemplatePage:
    """List the templates of a space, or without one those of the whole site."""
    query = {"limit": str(limit)} | ({"spaceKey": space_key} if space_key else {})
    answer = await confluence.send(
        "GET",
        "/wiki/rest/api/template/page",
        query=query | ({"start": cursor} if cursor else {}),
        scope=READ_SUMMARY,
    )
    return TemplatePage(
        templates=[_template(entry) for entry in answer["results"]],
        cursor=next_cursor(answer, "start"),
    )


async def template(confluence: Confluence, template_id: str) -> Template:
    """Read one template with its body."""
    return _template(
        await confluence.send(
            "GET",
            "/wiki/rest/api/template/{contentTemplateId}",
            path={"contentTemplateId": template_id},
            query={"expand": "body.storage"},
            scope=READ_SUMMARY,
        )
    )


def _template(entry: Mapping[str, Any]) -> Template:
    body = ((entry.get("body") or {}).get("storage") or {}).get("value")
    return Template(
        template_id=str(entry["templateId"]),
        name=str(entry.get("name") or ""),
        description=str(entry.get("description") or ""),
        space_key=str((entry.get("space") or {}).get("key") or ""),
        body=str(body or ""),
    )
