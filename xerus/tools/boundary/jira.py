"""Which requests to Jira stay inside some projects."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from xerus.tools.boundary.queries import held
from xerus.tools.boundary.transport import Ask, Look, OutsideBoundary

_API = re.compile(r"^/rest/api/(?:2|3|latest)")
_AGILE = "/rest/agile/1.0"
_DESK = "/rest/servicedeskapi"
_ATTACHMENT = re.compile(r"^(?:/secure)?/attachment/(?:[a-z]+/)?\{id\}")
_KEY = re.compile(r"^([A-Z][A-Z0-9_]*)-[0-9]+$")
_ISSUE_PARAMETERS = ("issueIdOrKey", "issueKey", "issueId", "epicIdOrKey")
_PROJECT_PARAMETERS = ("projectIdOrKey", "projectKeyOrId", "projectKey")
_ISSUES_IN_BODY = frozenset({"parent", "inwardIssue", "outwardIssue"})
_ISSUE_LISTS = frozenset({"issues", "issueIdsOrKeys"})
_RANKED = frozenset({"rankBeforeIssue", "rankAfterIssue"})

_WITHOUT_CONTENT = frozenset(
    {
        "/field",
        "/groups/picker",
        "/issueLinkType",
        "/issuetype",
        "/issuetype/project",
        "/jql/autocompletedata/suggestions",
        "/jql/parse",
        "/label",
        "/myself",
        "/mypermissions",
        "/priority",
        "/resolution",
        "/serverInfo",
        "/status",
        "/user",
        "/user/assignable/search",
        "/user/search",
        "/bulk/queue/{taskId}",
    }
)
"""Same for all projects, or held by a project in the query."""
_SEARCHES = frozenset({"/search", "/search/jql", "/search/approximate-count"})
_LISTS = frozenset({"/project", "/project/search", "/board", "/servicedesk", "/request"})
"""What is outside is taken out of the answer."""


class JiraBoundary:
    """Holds Jira to projects, by their keys; one for each call of a tool.

    Nothing in Jira tells which issue an attachment belongs to, so one can be reached only when the
    same call has read its issue before.
    """

    def __init__(self, projects: frozenset[str]) -> None:
        self._projects = frozenset(project.upper() for project in projects)
        self._attachments: set[str] = set()

    async def admit(self, ask: Ask, look: Look) -> Ask:
        """Return the request, its JQL held to the projects."""
        known = self._by_template(ask) or self._is_known_attachment(ask)
        async for where in self._anchors(ask, look):
            self._check(where)
            known = True
        async for where in self._named(ask, look):
            self._check(where)
            known = True
        if not known:
            raise OutsideBoundary(
                "This cannot be limited to the Jira projects that the operator chose.",
                hint="It stays off while XERUS_JIRA_PROJECTS is set. Nothing was changed.",
            )
        return self._held(ask)

    def shown(self, ask: Ask, answer: Any) -> Any:
        """Return the answer without projects, boards and issues from outside."""
        short = _short(ask.template)
        if short in _LISTS:
            return self._listed(answer)
        if isinstance(answer, dict):
            if _is_issue(answer):
                self._check(_project_of(answer["key"]))
                attached = answer["fields"].get("attachment") or []
                self._attachments |= {str(one.get("id")) for one in attached}
            if isinstance(answer.get("issues"), list):
                inside = [one for one in answer["issues"] if self._has(one)]
                answer = answer | {"issues": inside}
        return self._scrubbed(answer)

    def _by_template(self, ask: Ask) -> bool:
        short = _short(ask.template)
        return short in _WITHOUT_CONTENT | _SEARCHES | _LISTS and (
            ask.method == "GET" or short in _SEARCHES | {"/jql/parse"}
        )

    def _is_known_attachment(self, ask: Ask) -> bool:
        if not _ATTACHMENT.match(_short(ask.template)):
            return False
        if ask.path["id"] not in self._attachments:
            raise OutsideBoundary("Nothing tells which issue this attachment belongs to.")
        return True

    async def _anchors(self, ask: Ask, look: Look) -> AsyncIterator[str]:
        """Yield the project of each thing that the path names."""
        api = _api(ask)
        for name, value in ask.path.items():
            if name in _ISSUE_PARAMETERS:
                own = ask.method == "GET" and ask.template.endswith(f"/issue/{{{name}}}")
                yield await _issue_project(value, look, api, answer_tells=own)
            elif name in _PROJECT_PARAMETERS:
                yield await _project_key(value, look, api)
            elif name == "boardId":
                yield await _board_project(value, look)
            elif name == "sprintId":
                yield await _sprint_project(value, look)
            elif name == "serviceDeskId":
                desk = await look(_DESK + "/servicedesk/{serviceDeskId}", {name: value}, {})
                yield str(desk.get("projectKey", ""))
            elif name == "linkId" and _short(ask.template).startswith("/issueLink/"):
                link = await look(api + "/issueLink/{linkId}", {"linkId": value}, {})
                for side in ("inwardIssue", "outwardIssue"):
                    yield _project_of(link[side]["key"])
            elif name == "id" and _short(ask.template).startswith("/version/"):
                version = await look(api + "/version/{id}", {"id": value}, {})
                yield await _project_key(str(version["projectId"]), look, api)

    async def _named(self, ask: Ask, look: Look) -> AsyncIterator[str]:
        """Yield the project of each thing that query and body name."""
        api = _api(ask)
        for name in ("project", "projectKeyOrId", "projectId", "keys"):
            if name in ask.query:
                yield await _project_key(ask.query[name], look, api)
        if "issueKey" in ask.query:
            yield await _issue_project(ask.query["issueKey"], look, api)
        for kind, value in _references(ask.json):
            if kind == "project":
                yield await _project_key(value, look, api)
            elif kind == "board":
                yield await _board_project(value, look)
            else:
                told = _short(ask.template) == "/issue/bulkfetch"
                yield await _issue_project(value, look, api, answer_tells=told)

    def _held(self, ask: Ask) -> Ask:
        if _short(ask.template) == "/jql/parse":
            return ask
        wants_jql = _short(ask.template) in _SEARCHES or _lists_issues(ask)
        if isinstance(ask.json, dict) and (
            "jql" in ask.json or (ask.method == "POST" and wants_jql)
        ):
            jql = held(str(ask.json.get("jql") or ""), "project", self._projects)
            return replace(ask, json={**ask.json, "jql": jql})
        if "jql" in ask.query or wants_jql:
            jql = held(ask.query.get("jql", ""), "project", self._projects)
            return replace(ask, query={**ask.query, "jql": jql})
        return ask

    def _check(self, project: str) -> None:
        if project.upper() not in self._projects:
            raise OutsideBoundary(
                "That is outside the Jira projects that the operator of this server chose.",
                hint=f"They are: {', '.join(sorted(self._projects))}. Nothing was changed.",
            )

    def _has(self, issue: Any) -> bool:
        key = str(issue.get("key", "")) if isinstance(issue, dict) else str(issue)
        # A key that is no key belongs to an answer that was not asked for keys.
        return not _KEY.match(key) or _project_of(key) in self._projects

    def _listed(self, answer: Any) -> Any:
        if isinstance(answer, list):
            return [one for one in answer if self._lists(one)]
        return answer | {"values": [one for one in answer["values"] if self._lists(one)]}

    def _lists(self, entry: dict[str, Any]) -> bool:
        board = entry.get("location") or {}
        key = board.get("projectKey") or entry.get("projectKey") or entry.get("key") or ""
        if "issueKey" in entry:
            key = _project_of(str(entry["issueKey"]))
        return str(key).upper() in self._projects

    def _scrubbed(self, value: Any) -> Any:
        """Leave of an issue from outside, wherever it is linked, no more than its key."""
        if isinstance(value, list):
            return [self._scrubbed(one) for one in value]
        if not isinstance(value, dict):
            return value
        if _is_issue(value) and not self._has(value):
            return {"id": value.get("id"), "key": value["key"], "fields": {}}
        return {name: self._scrubbed(part) for name, part in value.items()}


def _short(template: str) -> str:
    return _API.sub("", template).removeprefix(_AGILE).removeprefix(_DESK)


def _api(ask: Ask) -> str:
    return "/rest/api/3" if ask.is_cloud else "/rest/api/2"


def _lists_issues(ask: Ask) -> bool:
    of_agile = ask.method == "GET" and ask.template.startswith(_AGILE)
    return of_agile and ask.template.endswith(("/issue", "/backlog"))


def _is_issue(value: dict[str, Any]) -> bool:
    return isinstance(value.get("fields"), dict) and bool(_KEY.match(str(value.get("key", ""))))


def _project_of(key: str) -> str:
    return key.rpartition("-")[0].upper()


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield ("project", "issue" or "board", key or id) of everything that a body names."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _reference(name, part)


def _reference(name: str, part: Any) -> Iterator[tuple[str, str]]:
    if name == "originBoardId":
        yield "board", str(part)
    elif name == "projectId" or (name == "project" and not isinstance(part, dict)):
        yield "project", str(part)
    elif name == "targetToSourcesMapping" and isinstance(part, dict):
        yield from (("project", target.partition(",")[0]) for target in part)
        yield from _references(list(part.values()))
    elif name == "project":
        yield "project", str(part.get("key") or part.get("id") or "")
    elif name in _ISSUES_IN_BODY and isinstance(part, dict):
        yield "issue", str(part.get("key") or part.get("id") or "")
    elif name in _RANKED:
        yield "issue", str(part)
    elif name in _ISSUE_LISTS and isinstance(part, list) and all(isinstance(p, str) for p in part):
        yield from (("issue", one) for one in part)
    else:
        yield from _references(part)


async def _issue_project(value: str, look: Look, api: str, *, answer_tells: bool = False) -> str:
    """Return the project of an issue as Jira knows it: an old key can lead to another project."""
    if answer_tells and _KEY.match(value.upper()):
        return _project_of(value)
    found = await look(
        api + "/issue/{issueIdOrKey}", {"issueIdOrKey": value}, {"fields": "project"}
    )
    return _project_of(str(found["key"]))


async def _project_key(value: str, look: Look, api: str) -> str:
    if not value.isdecimal():
        return value
    found = await look(api + "/project/{projectIdOrKey}", {"projectIdOrKey": value}, {})
    return str(found["key"])


async def _board_project(board_id: str, look: Look) -> str:
    found = await look(_AGILE + "/board/{boardId}", {"boardId": board_id}, {})
    return str((found.get("location") or {}).get("projectKey", ""))


async def _sprint_project(sprint_id: str, look: Look) -> str:
    found = await look(_AGILE + "/sprint/{sprintId}", {"sprintId": sprint_id}, {})
    return await _board_project(str(found["originBoardId"]), look)
