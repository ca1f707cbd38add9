"""Copying issues."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from xerus.atlassian.jira import links, metadata
from xerus.atlassian.jira.client import READ, WRITE, Jira, person_id
from xerus.errors import XerusError
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.fields import IssueKey, ProjectKey, ShortText
from xerus.tools.jira.issue_view import FIELDS, IssueView
from xerus.tools.jira.records import flat
from xerus.tools.readback import read_back

_READ = ("*all", "-comment", "-worklog", "-attachment")
_NEVER = frozenset(
    {"project", "issuetype", "summary", "issuelinks", "attachment", "comment", "worklog"}
    | {"reporter", "status", "resolution", "subtasks"}
)
_PLAIN = frozenset({"string", "number", "date", "datetime"})
_NAMED = frozenset({"priority", "version", "component", "option", "securitylevel"})
_LONGEST_SUMMARY = 255
_CHARS = 500


class CloneIssue(SiteArgs):
    """What, and what is different in the copy."""

    issue_key: IssueKey
    project_key: ProjectKey | None = Field(default=None, description="Default: the same")
    summary: ShortText | None = Field(default=None, description='Default: "CLONE - ..."')
    links: bool = Field(default=True, description="Copy links to issues")


@tool(
    title="Clone issue",
    effect=Effect.CREATE,
    toolset=Toolset.EXTRA,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
        "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        "POST /rest/api/3/issue",
        "POST /rest/api/3/issueLink",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "GET /rest/api/2/issue/createmeta/{projectIdOrKey}/issuetypes",
        "GET /rest/api/2/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        "POST /rest/api/2/issue",
        "POST /rest/api/2/issueLink",
    ),
)
async def clone_issue(jira: Jira, args: CloneIssue) -> IssueView:
    """Copy a Jira issue with its fields and links; says what was not copied."""
    source = (await jira.issue(args.issue_key, fields=_READ))["fields"]
    own = args.issue_key.rpartition("-")[0]
    project_key = args.project_key or own
    kind = source["issuetype"]
    if project_key != own:
        kind = await _type(jira, project_key, str(kind["name"]))
    screen = await metadata.create_fields(jira, project_key, str(kind["id"]))
    fields, left = _copied(source, screen, same_project=project_key == own)
    summary = args.summary or f"CLONE - {source.get('summary', '')}"[:_LONGEST_SUMMARY]
    fields |= {"project": {"key": project_key}, "issuetype": {"id": str(kind["id"])}}
    key = await jira.create_issue(fields | {"summary": summary})
    done = await _link(jira, source.get("issuelinks") or [], key) if args.links else ""
    bare = {"key": key, "fields": {"summary": summary}}
    issue, problem = await read_back(jira.issue(key, fields=FIELDS), otherwise=bare)
    lost = f"Not copied: {', '.join(left)}. " if left else ""
    return IssueView(
        issue=issue,
        link=jira.link(key),
        comments=0,
        max_chars=_CHARS,
        preface=f"Cloned from {args.issue_key}. {done}{lost}"
        f"Comments, attachments and subtasks stay there. {problem}",
    )


async def _type(jira: Jira, project_key: str, name: str) -> dict[str, Any]:
    return pick(
        name,
        await metadata.create_types(jira, project_key),
        what=f"issue type of {project_key}",
        names=lambda one: [str(one.get("name", ""))],
        show=lambda one: str(one.get("name", "")),
    )


def _copied(
    source: Mapping[str, Any], screen: list[dict[str, Any]], *, same_project: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return what to set, and the ids of fields with a value that the copy goes without."""
    fields: dict[str, Any] = {}
    shown = {str(one.get("fieldId") or one.get("key")): one.get("schema") or {} for one in screen}
    left = []
    for name, value in source.items():
        if name in _NEVER or value in (None, [], {}, ""):
            continue
        schema = shown.get(name)
        if schema is None:
            if name.startswith("customfield_"):
                left.append(name)
            continue
        given = _given(schema, value, same_project=same_project)
        if given is None:
            left.append(name)
        else:
            fields[name] = given
    return fields, left


def _given(schema: Mapping[str, Any], value: Any, *, same_project: bool) -> Any:
    """Return a value as an edit takes it, None where that is not known."""
    if isinstance(value, list):
        item = {**schema, "type": schema.get("items"), "custom": ""}
        if str(schema.get("custom", "")).endswith(":gh-sprint"):
            return None
        each = [_given(item, one, same_project=same_project) for one in value]
        return None if None in each else each
    kind = str(schema.get("type", ""))
    if kind == "user" and isinstance(value, dict):
        return person_id(value)
    if kind == "issuelink" and isinstance(value, dict):
        return {"key": value["key"]} if same_project else None
    if kind in _NAMED and isinstance(value, dict):
        by_id = same_project or kind == "priority"
        return {"id": str(value["id"])} if by_id else _by_name(kind, value)
    is_document = isinstance(value, dict) and value.get("type") == "doc"
    return value if kind in _PLAIN and (is_document or not isinstance(value, dict)) else None


def _by_name(kind: str, value: Mapping[str, Any]) -> dict[str, str] | None:
    """Options carry over by value; versions and components of one project are not another's."""
    return {"value": flat(value)} if kind == "option" else None


async def _link(jira: Jira, found: list[dict[str, Any]], key: str) -> str:
    made, refused = 0, []
    for link in found:
        outward = link.get("outwardIssue")
        other = str((outward or link.get("inwardIssue") or {}).get("key", ""))
        near, far = (key, other) if outward else (other, key)
        try:
            await links.create(jira, str(link["type"]["name"]), inward=near, outward=far)
            made += 1
        except XerusError:
            refused.append(other)
    lost = f" Refused: {', '.join(refused)}." if refused else ""
    return f"Links copied: {made}.{lost} "
