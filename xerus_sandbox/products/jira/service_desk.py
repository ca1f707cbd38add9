"""Jira Service Management: desks, queues, requests, comments; a desk for each such project."""

from datetime import UTC, datetime
from typing import Any

from xerus_sandbox.operations import Answer, ApiError, Call, Operation
from xerus_sandbox.products.documents import adf
from xerus_sandbox.products.jira import access, beans, roles
from xerus_sandbox.products.jira.fields import issue_bean
from xerus_sandbox.products.jira.operations import Run
from xerus_sandbox.products.model import Comment, Issue, Json, Project
from xerus_sandbox.products.times import iso_time, jira_time
from xerus_sandbox.products.world import World

_BASE = "/rest/servicedeskapi"
_SPEC = "jira-service-management"
_FIRST_PROJECT = 9999
_MOST = 100
_QUEUES = {"1": "All open", "2": "Unassigned", "3": "Done"}
_TYPES = {"11": "Ask a question", "12": "Report a problem"}
_QUEUE_FIELDS = ("summary", "issuetype", "status", "priority", "assignee", "created")


def desks(world: World, call: Call) -> Answer:
    """List the service desks."""
    return _page(call, [_desk_bean(call, item) for item in _desks(world, call).values()])


def desk(world: World, call: Call) -> Answer:
    """Return one service desk."""
    return Answer(body=_desk_bean(call, _desk(world, call)))


def queues(world: World, call: Call) -> Answer:
    """List the queues of a desk."""
    item, counted = _desk(world, call), call.query.get("includeCount") == "true"
    found = []
    for number, name in _QUEUES.items():
        bean: Json = {
            "id": number,
            "name": name,
            "jql": f"project = {item.key}",
            "fields": list(_QUEUE_FIELDS),
            "_links": {"self": _url(call, f"servicedesk/{_id(item)}/queue/{number}")},
        }
        count = len(_queued(world, call, item, number))
        found.append(bean | ({"issueCount": count} if counted else {}))
    return _page(call, found)


def queue_issues(world: World, call: Call) -> Answer:
    """List the issues of a queue with the queue's fields."""
    item, number = _desk(world, call), call.params["queueId"]
    if number not in _QUEUES:
        raise _error(404, "The queue does not exist or you may not see it.")
    issues = _queued(world, call, item, number)
    beans_of = [issue_bean(world, call, issue, list(_QUEUE_FIELDS)) for issue in issues]
    return _page(call, beans_of)


def request_types(world: World, call: Call) -> Answer:
    """List the request types of a desk."""
    desk_id = _id(_desk(world, call))
    return _page(call, [_type_bean(call, desk_id, number) for number in _TYPES])


def requests(world: World, call: Call) -> Answer:
    """List requests, the latest activity first."""
    desks = _desks(world, call)
    wanted = call.query.get("serviceDeskId")
    if wanted and wanted not in desks:
        raise _error(404, "The service desk does not exist or you may not see it.")
    keys = {item.key for number, item in desks.items() if wanted in {None, "", number}}
    term, status = call.query.get("searchTerm", "").lower(), call.query.get("requestStatus")
    found = [
        issue
        for issue in world.jira_of(call).issues.values()
        if issue.project in keys
        and term in issue.summary.lower()
        and (status in {None, "ALL_REQUESTS"} or (issue.status == "Done") is _is_closed(status))
    ]
    found.sort(key=lambda issue: issue.updated, reverse=True)
    return _page(call, [_request_bean(world, call, issue) for issue in found])


def request(world: World, call: Call) -> Answer:
    """Return one request."""
    return Answer(body=_request_bean(world, call, _request(world, call)))


def comments(world: World, call: Call) -> Answer:
    """List the comments of a request, the oldest first."""
    issue = _request(world, call)
    found = sorted(roles.readable(world, call, issue), key=lambda one: one.created)
    return _page(call, [_comment_bean(world, call, issue, one) for one in found])


def reply(world: World, call: Call) -> Answer:
    """Comment on a request; the text is wiki markup, kept as a document on Cloud; 201."""
    issue, given = _request(world, call), call.json()
    text = given.get("body") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise _error(400, "Comment body can not be empty!")
    access.will_change(world, call, issue.key)
    comment = Comment(
        id=world.jira_of(call).new_id(),
        author=call.account.account_id,
        body=_document(text) if beans.is_cloud(call) else text,
        created=call.now,
        updated=call.now,
        public=bool(given.get("public", True)),
    )
    issue.comments.append(comment)
    issue.updated = call.now
    return Answer(status=201, body=_comment_bean(world, call, issue, comment))


def _document(text: str) -> Json:
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": part.strip()}]}
        for part in text.split("\n\n")
        if part.strip()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _error(status: int, text: str) -> ApiError:
    """Return the error of this API, which is not Jira's."""
    named = {"i18nErrorKey": "sd.error", "parameters": []}
    return ApiError(status, {"errorMessage": text, "i18nErrorMessage": named})


def _id(item: Project) -> str:
    return str(int(item.id) - _FIRST_PROJECT)


def _desks(world: World, call: Call) -> dict[str, Project]:
    visible = world.jira_of(call).visible(call.account.account_id).values()
    return {_id(item): item for item in visible if item.kind == "service_desk"}


def _desk(world: World, call: Call) -> Project:
    found = _desks(world, call).get(call.params["serviceDeskId"])
    if found is None:
        raise _error(404, "The service desk does not exist or you may not see it.")
    return found


def _request(world: World, call: Call) -> Issue:
    found = world.jira_of(call).find(call.params["issueIdOrKey"])
    keys = {item.key for item in _desks(world, call).values()}
    if found is None or found.project not in keys:
        raise _error(404, "The request does not exist or you may not see it.")
    return found


def _queued(world: World, call: Call, item: Project, number: str) -> list[Issue]:
    issues = [i for i in world.jira_of(call).issues.values() if i.project == item.key]
    match number:
        case "1":
            return [issue for issue in issues if issue.status != "Done"]
        case "2":
            return [i for i in issues if i.status != "Done" and i.assignee is None]
        case _:
            return [issue for issue in issues if issue.status == "Done"]


def _is_closed(status: str | None) -> bool:
    return status == "CLOSED_REQUESTS"


def _url(call: Call, path: str) -> str:
    version = "/rest/api/3" if beans.is_cloud(call) else "/rest/api/2"
    return beans.rest_url(call, path).replace(version, _BASE, 1)


def _page(call: Call, found: list[Json]) -> Answer:
    start = access.number(call, "start", 0, most=10**9)
    size = access.number(call, "limit", 50, most=_MOST)
    shown = found[start : start + size]
    body = {
        "_expands": [],
        "size": len(shown),
        "start": start,
        "limit": size,
        "isLastPage": start + size >= len(found),
        "_links": {"base": call.site.url, "context": ""},
        "values": shown,
    }
    return Answer(body=body)


def _desk_bean(call: Call, item: Project) -> Json:
    return {
        "id": _id(item),
        "projectId": item.id,
        "projectName": item.name,
        "projectKey": item.key,
        "_links": {"self": _url(call, f"servicedesk/{_id(item)}")},
    }


def _type_bean(call: Call, desk_id: str, number: str) -> Json:
    url = _url(call, f"servicedesk/{desk_id}/requesttype/{number}")
    return {
        "id": number,
        "_links": {"self": url},
        "name": _TYPES[number],
        "description": "",
        "helpText": "",
        "issueTypeId": "10002",
        "serviceDeskId": desk_id,
        "groupIds": [],
    }


def _date(epoch: float) -> Json:
    at = datetime.fromtimestamp(epoch, UTC)
    return {
        "iso8601": iso_time(epoch).replace(".000Z", "+0000"),
        "jira": jira_time(epoch),
        "friendly": f"{at:%d/%b/%y %H:%M}",
        "epochMillis": int(epoch * 1000),
    }


def _request_bean(world: World, call: Call, issue: Issue) -> Json:
    desk_id = next(n for n, item in _desks(world, call).items() if item.key == issue.project)
    number = list(_TYPES)[int(issue.id) % len(_TYPES)]
    values: list[dict[str, Any]] = [
        {"fieldId": "summary", "label": "Summary", "value": issue.summary},
        {"fieldId": "description", "label": "Description", "value": _text(issue.description)},
    ]
    bean: Json = {
        "_expands": ["requestType", "status", "participant"],
        "issueId": issue.id,
        "issueKey": issue.key,
        "requestTypeId": number,
        "serviceDeskId": desk_id,
        "createdDate": _date(issue.created),
        "reporter": beans.user(call, world.person(issue.reporter)),
        "requestFieldValues": values,
        "currentStatus": {"status": issue.status, "statusDate": _date(issue.updated)},
        "_links": {"self": _url(call, f"request/{issue.id}")},
    }
    if beans.is_cloud(call):
        bean["summary"] = issue.summary
    if "requestType" in access.expansions(call):
        bean["requestType"] = _type_bean(call, desk_id, number)
    return bean


def _comment_bean(world: World, call: Call, issue: Issue, one: Comment) -> Json:
    return {
        "_expands": ["attachment", "renderedBody"],
        "id": one.id,
        "body": _text(one.body),
        "public": one.public,
        "author": beans.user(call, world.person(one.author)),
        "created": _date(one.created),
        "_links": {"self": _url(call, f"request/{issue.id}/comment/{one.id}")},
    }


def _text(document: Any) -> str:
    return adf.plain_text(document) if isinstance(document, dict) else str(document or "")


_DESK = "/servicedesk/{serviceDeskId}"
_REQUEST = "/request/{issueIdOrKey}"
_ALL: tuple[tuple[str, str, Run, str], ...] = (
    ("GET", "/servicedesk", desks, "read:servicedesk-request"),
    ("GET", _DESK, desk, "read:servicedesk-request"),
    ("GET", f"{_DESK}/queue", queues, "read:jira-work"),
    ("GET", f"{_DESK}/queue/{{queueId}}/issue", queue_issues, "read:jira-work"),
    ("GET", f"{_DESK}/requesttype", request_types, "read:servicedesk-request"),
    ("GET", "/request", requests, "read:servicedesk-request"),
    ("GET", _REQUEST, request, "read:servicedesk-request"),
    ("GET", f"{_REQUEST}/comment", comments, "read:servicedesk-request"),
    ("POST", f"{_REQUEST}/comment", reply, "write:servicedesk-request"),
)


def _operation(method: str, path: str, run: Run, scope: str, *, is_cloud: bool) -> Operation:
    return Operation(
        product="jira",
        deployment="cloud" if is_cloud else "dc",
        method=method,
        path=_BASE + path,
        spec=_SPEC,
        scopes=(frozenset({scope}),) if is_cloud else (),
        run=run,
        writes=method != "GET",
    )


CLOUD = tuple(_operation(*row, is_cloud=True) for row in _ALL)
DATA_CENTER = tuple(_operation(*row, is_cloud=False) for row in _ALL)
