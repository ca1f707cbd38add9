"""Reading and creating issues."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira
from xerus.tools.choices import pick
from xerus.tools.declaration import Args, Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira import issue_sections
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.field_names import field_ids
from xerus.tools.jira.fields import IssueKey, JsonObject, Markdown, ProjectKey, ShortText
from xerus.tools.jira.issue_view import FIELDS, IssueView
from xerus.tools.jira.people import assignee
from xerus.tools.jira.records import columns_of, flat
from xerus.tools.readback import read_back

_CREATED_CHARS = 500


Section = Literal[
    "comments", "transitions", "watchers", "links", "changelog", "worklogs", "attachments"
]


def _parts(value: object) -> object:
    """Read "a,b" as a list: many clients send lists that way."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class GetIssue(ReadArgs):
    """Which issue, and how much of it."""

    issue_key: IssueKey
    fields: str | None = Field(
        default=None, max_length=1000, description="Further fields, comma-separated"
    )
    include: Annotated[list[Section], BeforeValidator(_parts)] = Field(
        default=[], max_length=7, description="More of it, in the same request"
    )
    comment_limit: int = Field(default=10, ge=0, le=100, description="Newest comments; 0: none")
    max_chars: int = Field(
        default=12_000, ge=200, le=200_000, description="Longest description shown"
    )


@tool(
    title="Get issue",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}", "GET /rest/api/3/field"),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}", "GET /rest/api/2/field"),
)
async def get_issue(jira: Jira, args: GetIssue) -> IssueView:
    """Read one Jira issue: fields, description, links, subtasks and newest comments."""
    extra = columns_of(args.fields) if args.fields else ()
    ids = await field_ids(jira, extra)
    fields = [*FIELDS, *ids, *(["comment"] if args.comment_limit else [])]
    fields += [
        issue_sections.FIELDS[name] for name in args.include if name in issue_sections.FIELDS
    ]
    expand = [part for name in args.include for part in issue_sections.EXPANSIONS.get(name, ())]
    return IssueView(
        issue=await jira.issue(args.issue_key, fields=fields, expand=expand),
        link=jira.link(args.issue_key),
        comments=args.comment_limit,
        max_chars=args.max_chars,
        extra=dict(zip(ids, extra, strict=True)),
        include=tuple(name for name in dict.fromkeys(args.include) if name != "comments"),
    )


class NewIssue(Args):
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


class CreateIssue(NewIssue, SiteArgs):
    """A new issue, and where."""


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
    fields = await fields_of(jira, args)
    issue_key = await _create(jira, args, fields)
    bare = {"key": issue_key, "fields": {"summary": args.summary}}
    issue, problem = await read_back(jira.issue(issue_key, fields=FIELDS), otherwise=bare)
    return IssueView(
        issue=issue,
        link=jira.link(issue_key),
        comments=0,
        max_chars=_CREATED_CHARS,
        preface="Created. " + (problem or not_taken(args, issue)),
    )


async def fields_of(jira: Jira, args: NewIssue) -> dict[str, Any]:
    """Return the fields to send, people looked up, type and priority by the names given."""
    fields: dict[str, Any] = dict(args.additional_fields)
    fields["project"] = {"key": args.project_key}
    fields["issuetype"] = {"name": args.issue_type}
    fields["summary"] = args.summary
    if args.description is not None:
        fields["description"] = await to_body(args.description, is_cloud=jira.is_cloud)
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
        corrected["issuetype"] = named_as(args.issue_type, types, "issue type")
        if corrected["issuetype"]["name"] == args.issue_type:
            raise refused
    if "priority" in refused.fields and args.priority is not None:
        corrected["priority"] = named_as(args.priority, await jira.priorities(), "priority")
        if corrected["priority"]["name"] == args.priority:
            raise refused
    if not corrected:
        raise refused
    return corrected


def named_as(wanted: str, entries: list[dict[str, Any]], what: str) -> dict[str, str]:
    """Return the reference by name of one of several types or priorities, case ignored."""
    found = pick(
        wanted,
        entries,
        what=what,
        names=lambda entry: [str(entry.get("name", ""))],
        show=lambda entry: str(entry.get("name", "")),
    )
    return {"name": str(found["name"])}


def not_taken(args: NewIssue, issue: dict[str, Any]) -> str:
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
