"""Reading and creating issues."""

from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira
from xerus.tools.choices import pick
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.fields import IssueKey, JsonObject, Markdown, ProjectKey, ShortText
from xerus.tools.jira.issue_view import FIELDS, IssueView
from xerus.tools.jira.people import assignee
from xerus.tools.jira.records import columns_of, field_id, flat
from xerus.tools.readback import read_back

_CREATED_CHARS = 500


class GetIssue(ReadArgs):
    """Which issue, and how much of it."""

    issue_key: IssueKey
    fields: str | None = Field(
        default=None, max_length=1000, description="Further field ids, comma-separated"
    )
    comment_limit: int = Field(default=10, ge=0, le=100, description="Newest comments; 0: none")
    max_chars: int = Field(
        default=12_000, ge=200, le=200_000, description="Longest description shown"
    )


@tool(
    title="Get issue",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}",),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}",),
)
async def get_issue(jira: Jira, args: GetIssue) -> IssueView:
    """Read one Jira issue: fields, description, links, subtasks and newest comments."""
    extra = columns_of(args.fields) if args.fields else ()
    fields = [*FIELDS, *map(field_id, extra), *(["comment"] if args.comment_limit else [])]
    return IssueView(
        issue=await jira.issue(args.issue_key, fields=fields),
        link=jira.link(args.issue_key),
        comments=args.comment_limit,
        max_chars=args.max_chars,
        extra=extra,
    )


class CreateIssue(SiteArgs):
    """The fields of a new issue."""

    project_key: ProjectKey
    issue_type: Annotated[ShortText, Field(description="Type name, e.g. Task")]
    summary: Annotated[ShortText, Field(description="One line")]
    description: Markdown | None = Field(default=None, description="Markdown")
    assignee: ShortText | None = Field(
        default=None, description='"me", e-mail, display name or account id'
    )
    priority: ShortText | None = Field(default=None, description="Priority name")
    labels: list[str] = Field(default=[], max_length=50, description="Labels, without spaces")
    parent: IssueKey | None = Field(default=None, description="Epic, or the issue of a subtask")
    additional_fields: JsonObject = Field(
        default={}, description="Further fields by id, in Jira's own form"
    )


@tool(
    title="Create issue",
    effect=Effect.CREATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "POST /rest/api/3/issue",
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/project/{projectIdOrKey}",
        "GET /rest/api/3/priority",
        "GET /rest/api/3/user/assignable/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "POST /rest/api/2/issue",
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "GET /rest/api/2/project/{projectIdOrKey}",
        "GET /rest/api/2/priority",
        "GET /rest/api/2/user/assignable/search",
        "GET /rest/api/2/myself",
    ),
)
async def create_issue(jira: Jira, args: CreateIssue) -> IssueView:
    """Create a Jira issue. The answer shows it as Jira stored it."""
    fields = await _fields(jira, args)
    issue_key = await _create(jira, args, fields)
    bare = {"key": issue_key, "fields": {"summary": args.summary}}
    issue, problem = await read_back(jira.issue(issue_key, fields=FIELDS), otherwise=bare)
    return IssueView(
        issue=issue,
        link=jira.link(issue_key),
        comments=0,
        max_chars=_CREATED_CHARS,
        preface="Created. " + (problem or _not_taken(args, issue)),
    )


async def _fields(jira: Jira, args: CreateIssue) -> dict[str, Any]:
    fields: dict[str, Any] = dict(args.additional_fields)
    fields["project"] = {"key": args.project_key}
    fields["issuetype"] = {"name": args.issue_type}
    fields["summary"] = args.summary
    if args.description is not None:
        fields["description"] = to_body(args.description, is_cloud=jira.is_cloud)
    if args.assignee is not None:
        fields["assignee"] = await assignee(jira, args.assignee, project_key=args.project_key)
    if args.priority is not None:
        fields["priority"] = {"name": args.priority}
    if args.labels:
        fields["labels"] = args.labels
    if args.parent is not None:
        fields["parent"] = {"key": args.parent}
    return fields


async def _create(jira: Jira, args: CreateIssue, fields: dict[str, Any]) -> str:
    """Create by names; only when Jira does not take one is the right one looked up."""
    try:
        return await jira.create_issue(fields)
    except AtlassianRefused as refused:
        if not refused.fields.keys() & {"issuetype", "priority"}:
            raise
        corrected = await _corrected(jira, args, refused)
        return await jira.create_issue(fields | corrected)


async def _corrected(
    jira: Jira, args: CreateIssue, refused: AtlassianRefused
) -> dict[str, dict[str, str]]:
    """Find type and priority by name, whatever their case; raise what the choices are."""
    corrected = {}
    if "issuetype" in refused.fields:
        types = (await jira.project(args.project_key)).get("issueTypes") or []
        corrected["issuetype"] = _named(args.issue_type, types, "issue type")
        if corrected["issuetype"]["name"] == args.issue_type:
            raise refused
    if "priority" in refused.fields and args.priority is not None:
        corrected["priority"] = _named(args.priority, await jira.priorities(), "priority")
        if corrected["priority"]["name"] == args.priority:
            raise refused
    if not corrected:
        raise refused
    return corrected


def _named(wanted: str, entries: list[dict[str, Any]], what: str) -> dict[str, str]:
    found = pick(
        wanted,
        entries,
        what=what,
        names=lambda entry: [str(entry.get("name", ""))],
        show=lambda entry: str(entry.get("name", "")),
    )
    return {"name": str(found["name"])}


def _not_taken(args: CreateIssue, issue: dict[str, Any]) -> str:
    """Say which asked-for values are not there: screens and automations drop some silently."""
    fields = issue.get("fields") or {}
    lost = []
    if args.priority and flat(fields.get("priority")).casefold() != args.priority.casefold():
        lost.append("priority")
    if args.assignee and not fields.get("assignee"):
        lost.append("assignee")
    if set(args.labels) - set(fields.get("labels") or []):
        lost.append("labels")
    if args.description and not fields.get("description"):
        lost.append("description")
    return f"But Jira did not take: {', '.join(lost)}. " if lost else ""
