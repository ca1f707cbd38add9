"""Finding fields."""

from typing import Any

from pydantic import Field

from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import sliced
from xerus.settings.toolsets import Toolset
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing


class SearchFields(ReadArgs):
    """Which fields."""

    query: str | None = Field(default=None, description="Part of name or id")
    custom_only: bool = Field(default=False, description="Only custom fields")
    limit: int = Field(default=50, ge=1, le=200, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Search fields",
    effect=Effect.READ,
    toolset=Toolset.FIELDS,
    scopes={READ},
    endpoints=("GET /rest/api/3/field",),
    data_center=("GET /rest/api/2/field",),
)
async def search_fields(jira: Jira, args: SearchFields) -> Listing:
    """Find Jira fields by name: id, type and the names that JQL knows."""
    found = [one for one in await metadata.fields(jira) if _fits(one, args)]
    page = sliced(found, cursor=args.cursor, limit=args.limit)
    return Listing(
        noun="field",
        columns=("id", "name", "type", "jql"),
        rows=[_row(one) for one in page.values],
        source=f"jira {jira.target.site_name} fields",
        cursor=page.cursor,
        total=page.total,
        note="Options of one: jira_get_create_fields with field.",
    )


def _fits(field: dict[str, Any], args: SearchFields) -> bool:
    if args.custom_only and not field.get("custom"):
        return False
    words = (args.query or "").strip().casefold()
    return words in f"{field.get('id')}\n{field.get('name')}".casefold()


def _row(field: dict[str, Any]) -> list[str]:
    return [
        str(field.get("id", "")),
        flat(field.get("name")),
        type_of(field),
        flat(field.get("clauseNames")),
    ]


def type_of(field: dict[str, Any]) -> str:
    """Return "string", "array of option" ... of a field or its place on a screen."""
    schema = field.get("schema") or {}
    kind = str(schema.get("type", ""))
    return f"{kind} of {schema['items']}" if schema.get("items") else kind
