"""Moving issues to another project."""

from typing import Any

from pydantic import Field

from xerus.atlassian.jira import moves as api
from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.errors import InvalidInput, UpstreamRefused
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.changes import Changed
from xerus.tools.jira.fields import IssueKey, ProjectKey, ShortText
from xerus.tools.readback import read_back
from xerus.tools.untrusted import one_line

_FIELDS = ("project", "issuetype", "status", "components", "fixVersions")


class MoveIssue(SiteArgs):
    """What, and where to."""

    issue_key: IssueKey
    target_project_key: ProjectKey
    issue_type: ShortText | None = Field(default=None, description="There; default: the same")


@tool(
    title="Move issue",
    effect=Effect.UPDATE,
    toolset=Toolset.EXTRA,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/project/{projectIdOrKey}",
        "POST /rest/api/3/bulk/issues/move",
        "GET /rest/api/3/bulk/queue/{taskId}",
    ),
)
async def move_issue(jira: Jira, args: MoveIssue) -> Changed:
    """Move a Jira issue with its subtasks to another project (Cloud)."""
    if not jira.is_cloud:
        raise InvalidInput(
            "Jira Data Center has no API that moves issues. Nothing was changed.",
            hint="Move it in the browser, or copy it with jira_clone_issue.",
        )
    before = await jira.issue(args.issue_key, fields=_FIELDS)
    kind = await _type(jira, args, before["fields"]["issuetype"])
    progress = await api.move(
        jira, args.issue_key, project_key=args.target_project_key, type_id=str(kind["id"])
    )
    _check(progress)
    otherwise = {"key": args.issue_key, "fields": {}}
    after, problem = await read_back(
        jira.issue(str(before["id"]), fields=_FIELDS), otherwise=otherwise
    )
    key = str(after["key"])
    return Changed(
        issue_key=key,
        link=jira.link(key),
        names={"key": "key", **{name: name for name in _FIELDS if name != "project"}},
        before={**before["fields"], "key": before["key"]},
        after={**after["fields"], "key": key},
        problem=problem,
    )


async def _type(jira: Jira, args: MoveIssue, present: dict[str, Any]) -> dict[str, Any]:
    if present.get("subtask"):
        raise InvalidInput(f"{args.issue_key} is a subtask.", hint="Move its parent with it.")
    if args.issue_key.rpartition("-")[0] == args.target_project_key:
        raise InvalidInput(f"{args.issue_key} is in {args.target_project_key} already.")
    project = await jira.project(args.target_project_key)
    types = [one for one in project.get("issueTypes") or [] if not one.get("subtask")]
    return pick(
        args.issue_type or str(present.get("name", "")),
        types,
        what=f"issue type of {args.target_project_key}",
        names=lambda one: {str(one.get("name", "")), str(one.get("id", ""))},
        show=lambda one: str(one.get("name", "")),
    )


def _check(progress: dict[str, Any]) -> None:
    """Raise unless the task is finished and moved the issue.

    Raises:
        UpstreamRefused: it failed, or goes on for longer than a call may take.
    """
    status = str(progress.get("status", ""))
    if status == "COMPLETE" and not progress.get("failedAccessibleIssues"):
        return
    if status in {"ENQUEUED", "RUNNING"}:
        raise UpstreamRefused(
            f"Jira still works on the move (task {progress.get('taskId')}).",
            hint="Read the issue in a minute; do not repeat the move.",
        )
    reasons = [text for many in (progress.get("failedAccessibleIssues") or {}).values()
               for text in many]  # fmt: skip
    said = one_line("; ".join(map(str, reasons)))[:300]
    raise UpstreamRefused(f"Jira did not move it: {status.lower()}. {said}".strip())
