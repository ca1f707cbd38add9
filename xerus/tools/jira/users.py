"""Finding people."""

from typing import Annotated, Any

from pydantic import AliasChoices, Field

from xerus.atlassian.jira import users
from xerus.atlassian.jira.client import USERS, Jira, person_id
from xerus.atlassian.jira.offsets import Page
from xerus.tools.declaration import Effect, ReadArgs, tool
from xerus.tools.jira.fields import IssueKey, ProjectKey, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing


class FindUsers(ReadArgs):
    """Whom."""

    query: Annotated[ShortText, Field(description='Name or e-mail, its beginning, or "me"')] = (
        Field(validation_alias=AliasChoices("query", "user_identifier"))
    )
    project_key: ProjectKey | None = Field(default=None, description="Only its assignable users")
    issue_key: IssueKey | None = Field(default=None, description="The same for an issue")
    limit: int = Field(default=20, ge=1, le=100, description="Most rows")
    cursor: str | None = Field(default=None, description="From the answer before")


@tool(
    title="Find users",
    effect=Effect.READ,
    scopes={USERS},
    endpoints=(
        "GET /rest/api/3/user/search",
        "GET /rest/api/3/user/assignable/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "GET /rest/api/2/user/search",
        "GET /rest/api/2/user/assignable/search",
        "GET /rest/api/2/myself",
    ),
)
async def find_users(jira: Jira, args: FindUsers) -> Listing:
    """Find Jira users and their ids."""
    page = await _page(jira, args)
    return Listing(
        noun="user",
        columns=("name", "email", "id", "kind"),
        rows=[_row(person) for person in page.values],
        source=f"jira {jira.target.site_name} users",
        cursor=page.cursor,
        total=page.total,
        nothing=f"Nobody fits {args.query!r}.",
    )


async def _page(jira: Jira, args: FindUsers) -> Page:
    if args.query.strip().casefold() == "me":
        return Page(values=[await jira.myself()], cursor=None)
    return await users.find(
        jira,
        args.query.strip(),
        project_key=args.project_key,
        issue_key=args.issue_key,
        limit=args.limit,
        cursor=args.cursor,
    )


def _row(person: dict[str, Any]) -> list[str]:
    kinds = [] if person.get("accountType") in {None, "atlassian"} else [person["accountType"]]
    if person.get("active") is False:
        kinds.append("inactive")
    identifier = next(iter(person_id(person).values()))
    return [flat(person), flat(person.get("emailAddress")), identifier, ", ".join(map(str, kinds))]
