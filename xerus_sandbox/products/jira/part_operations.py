"""The operations on links, logged time and epics, and the bulk move of Cloud, with their scopes."""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.jira import epics, links, moves, worklogs
from xerus_sandbox.products.jira.operations import Run

_CLOUD = "jira-cloud-platform-v3.openapi.json"
_DATA_CENTER = "jira-data-center-10.3.openapi.json"
_READ, _WRITE = "read:jira-work", "write:jira-work"
_REMOTE = "/issue/{issueIdOrKey}/remotelink"
_WORKLOG = "/issue/{issueIdOrKey}/worklog"
_OF_LINK = (
    "read:field read:issue-link-type read:issue read:issue-type read:priority read:status"
    " read:avatar read:issue.time-tracking read:project-category read:project read:user"
)
_OF_LOG = (
    "read:group read:issue-worklog read:issue-worklog.property read:project-role read:user"
    " read:avatar"
)
_LOGS = f"{_OF_LOG} write:issue-worklog write:issue-worklog.property"

_BOTH: tuple[tuple[str, str, Run, str], ...] = (
    ("POST", "/issueLink", links.create, "write:comment write:issue write:issue-link"),
    ("GET", "/issueLink/{linkId}", links.get, _OF_LINK),
    ("DELETE", "/issueLink/{linkId}", links.delete, "delete:issue-link"),
    ("GET", _REMOTE, links.web_links, "read:issue.remote-link read:status"),
    (
        "POST",
        _REMOTE,
        links.add_web_link,
        "write:issue write:issue.remote-link read:issue.remote-link",
    ),
    ("GET", f"{_REMOTE}/{{linkId}}", links.web_link, "read:issue.remote-link read:status"),
    (
        "PUT",
        f"{_REMOTE}/{{linkId}}",
        links.edit_web_link,
        "write:issue write:issue.remote-link",
    ),
    (
        "DELETE",
        f"{_REMOTE}/{{linkId}}",
        links.delete_web_link,
        "delete:issue.remote-link write:issue",
    ),
    ("GET", _WORKLOG, worklogs.page, _OF_LOG),
    ("POST", _WORKLOG, worklogs.create, _LOGS),
    ("GET", f"{_WORKLOG}/{{id}}", worklogs.read, _OF_LOG),
    (
        "DELETE",
        f"{_WORKLOG}/{{id}}",
        worklogs.delete,
        "delete:issue-worklog delete:issue-worklog.property write:issue.time-tracking",
    ),
    ("PUT", f"{_WORKLOG}/{{id}}", worklogs.edit, f"{_LOGS} read:comment write:comment"),
)
_EPICS: tuple[tuple[str, str, Run], ...] = (
    ("GET", "/issue/{issueIdOrKey}", epics.get_issue),
    ("POST", "/epic/none/issue", epics.take_out),
    ("POST", "/epic/{epicIdOrKey}/issue", epics.put_in),
)


def _cloud(method: str, path: str, run: Run, granular: str) -> Operation:
    classic = frozenset({_READ if method == "GET" else _WRITE})
    return Operation(
        product="jira",
        deployment="cloud",
        method=method,
        path=f"/rest/api/3{path}",
        spec=_CLOUD,
        scopes=(classic, frozenset(f"{scope}:jira" for scope in granular.split())),
        run=run,
        writes=method != "GET",
    )


def _server(method: str, path: str, run: Run, *, below: str = "/rest/api/2") -> Operation:
    return Operation(
        product="jira",
        deployment="dc",
        method=method,
        path=f"{below}{path}",
        spec=_DATA_CENTER,
        scopes=(),
        run=run,
        writes=method != "GET",
    )


CLOUD = (
    *(_cloud(*row) for row in _BOTH),
    _cloud("POST", "/bulk/issues/move", moves.submit, "write:issue read:issue"),
    _cloud("GET", "/bulk/queue/{taskId}", moves.progress, "read:issue"),
)
DATA_CENTER = (
    *(_server(method, path, run) for method, path, run, _ in _BOTH),
    *(_server(*row, below="/rest/agile/1.0") for row in _EPICS),
)
