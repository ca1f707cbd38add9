"""What an answer has to hold for us to use it.

One row per operation, of the members that are read without a second look; whatever else there is
may be there or not. Atlassian, or a proxy before it, has answered 200 with a page of HTML, with
nothing, and with an error in JSON: none of that may be taken for the answer.
"""

import re
from typing import Any

from xerus.egress.client import Reply
from xerus.errors import UpstreamUnavailable

_JIRA = re.compile(r"^/rest/api/[23](?=/)")
_PARAMETER = re.compile(r"\{[^}]*\}")

_ID = (str, int)
_ONE: Any = {"id": _ID}
_MANY: Any = [{}]
_RESULTS: Any = {"results": [{}]}
_VALUES: Any = {"values?": [{}]}
_ISSUES: Any = {"issues": [{"key": str, "fields?": {}}]}
_COUNTED: Any = {**_ISSUES, "total": int}

# Jira's platform stands without /rest/api/3 (Cloud) and /rest/api/2 (Data Center). A member with a
# question mark may be missing or null.
_ROWS: dict[str, Any] = {
    "GET /bulk/queue/{}": {},
    "GET /field": [_ONE],
    "GET /issue/createmeta/{}/issuetypes": {},
    "GET /issue/createmeta/{}/issuetypes/{}": {},
    "GET /issue/{}": {"key": str, "fields?": {}},
    "GET /issue/{}/changelog": _VALUES,
    "GET /issue/{}/comment": {"comments": [_ONE], "total": int},
    "GET /issue/{}/comment/{}": _ONE,
    "GET /issue/{}/editmeta": {"fields": {}},
    "GET /issue/{}/remotelink": _MANY,
    "GET /issue/{}/remotelink/{}": {},
    "GET /issue/{}/transitions": {"transitions": [_ONE]},
    "GET /issue/{}/watchers": {"watchers?": [{}]},
    "GET /issue/{}/worklog": {"worklogs": [{}]},
    "GET /issue/{}/worklog/{}": _ONE,
    "GET /issueLink/{}": {},
    "GET /issueLinkType": {"issueLinkTypes": [{}]},
    "GET /issuetype": _MANY,
    "GET /jql/autocompletedata/suggestions": {"results?": [{}]},
    "GET /label": {"values?": [str]},
    "GET /myself": {},
    "GET /priority": _MANY,
    "GET /project": _MANY,
    "GET /project/search": _VALUES,
    "GET /project/{}": {"key": str},
    "GET /project/{}/role": {},
    "GET /project/{}/statuses": _MANY,
    "GET /project/{}/versions": _MANY,
    "GET /groups/picker": {"groups": [{}]},
    "GET /resolution": _MANY,
    "GET /status": _MANY,
    "GET /user/assignable/search": _MANY,
    "GET /user/search": _MANY,
    "GET /version/{}": _ONE,
    "POST /bulk/issues/move": {},
    "POST /issue": {"key": str},
    "POST /issue/bulk": {"issues?": [{}]},
    "POST /issue/bulkfetch": _ISSUES,
    "POST /issue/{}/attachments": _MANY,
    "POST /issue/{}/comment": _ONE,
    "POST /issue/{}/remotelink": {},
    "POST /issue/{}/worklog": _ONE,
    "POST /jql/parse": {"queries": [{}]},
    "POST /search": {"issues": [{}], "total": int},
    "POST /search/approximate-count": {"count": int},
    "POST /search/jql": _ISSUES,
    "POST /version": _ONE,
    "PUT /issue/{}/comment/{}": _ONE,
    "PUT /issue/{}/worklog/{}": _ONE,
    "PUT /version/{}": _ONE,
    "GET /rest/agile/1.0/board": _VALUES,
    "GET /rest/agile/1.0/board/{}/backlog": _COUNTED,
    "GET /rest/agile/1.0/board/{}/sprint": _VALUES,
    "GET /rest/agile/1.0/issue/{}": {"key": str},
    "GET /rest/agile/1.0/sprint/{}": _ONE,
    "POST /rest/agile/1.0/sprint": _ONE,
    "POST /rest/agile/1.0/sprint/{}": _ONE,
    "PUT /rest/agile/1.0/issue/rank": {},  # only where not all could be ranked
    "GET /rest/servicedeskapi/request": _VALUES,
    "GET /rest/servicedeskapi/request/{}": {"issueKey": str},
    "GET /rest/servicedeskapi/request/{}/comment": _VALUES,
    "GET /rest/servicedeskapi/servicedesk": _VALUES,
    "GET /rest/servicedeskapi/servicedesk/{}/queue": _VALUES,
    "GET /rest/servicedeskapi/servicedesk/{}/queue/{}/issue": _VALUES,
    "GET /rest/servicedeskapi/servicedesk/{}/requesttype": _VALUES,
    "POST /rest/servicedeskapi/request/{}/comment": _ONE,
    # Confluence on Cloud
    "GET /wiki/api/v2/attachments/{}": _ONE,
    "GET /wiki/api/v2/blogposts": {"results": [_ONE]},
    "GET /wiki/api/v2/blogposts/{}": _ONE,
    "GET /wiki/api/v2/folders/{}": _ONE,
    "GET /wiki/api/v2/footer-comments/{}": _ONE,
    "GET /wiki/api/v2/footer-comments/{}/children": _RESULTS,
    "GET /wiki/api/v2/inline-comments/{}": _ONE,
    "GET /wiki/api/v2/inline-comments/{}/children": _RESULTS,
    "GET /wiki/api/v2/pages": _RESULTS,
    "GET /wiki/api/v2/pages/{}": _ONE,
    "GET /wiki/api/v2/pages/{}/ancestors": _RESULTS,
    "GET /wiki/api/v2/pages/{}/attachments": _RESULTS,
    "GET /wiki/api/v2/pages/{}/descendants": _RESULTS,
    "GET /wiki/api/v2/pages/{}/direct-children": _RESULTS,
    "GET /wiki/api/v2/pages/{}/footer-comments": _RESULTS,
    "GET /wiki/api/v2/pages/{}/inline-comments": _RESULTS,
    "GET /wiki/api/v2/pages/{}/labels": _RESULTS,
    "GET /wiki/api/v2/pages/{}/versions": _RESULTS,
    "GET /wiki/api/v2/spaces": _RESULTS,
    "GET /wiki/api/v2/spaces/{}/pages": _RESULTS,
    "GET /wiki/api/v2/tasks": {"results": [_ONE]},
    "GET /wiki/api/v2/tasks/{}": _ONE,
    "GET /wiki/rest/api/analytics/content/{}/viewers": {"count": int},
    "GET /wiki/rest/api/analytics/content/{}/views": {"count": int},
    "GET /wiki/rest/api/content/{}/restriction/byOperation": {},
    "GET /wiki/rest/api/search": _RESULTS,
    "GET /wiki/rest/api/search/user": _RESULTS,
    "GET /wiki/rest/api/template/page": {"results": [{"templateId": _ID}]},
    "GET /wiki/rest/api/template/{}": {"templateId": _ID},
    "GET /wiki/rest/api/user/current": {"accountId": str},
    "GET /wiki/rest/api/user/watch/content/{}": {"watching": bool},
    "POST /wiki/api/v2/blogposts": _ONE,
    "POST /wiki/api/v2/folders": _ONE,
    "POST /wiki/api/v2/footer-comments": _ONE,
    "POST /wiki/api/v2/inline-comments": _ONE,
    "POST /wiki/api/v2/pages": _ONE,
    "POST /wiki/rest/api/content/{}/child/attachment": _RESULTS,
    "POST /wiki/rest/api/content/{}/copy": _ONE,
    "PUT /wiki/api/v2/blogposts/{}": _ONE,
    "PUT /wiki/api/v2/pages/{}": _ONE,
    "PUT /wiki/rest/api/content/{}/child/attachment": _RESULTS,
    # Confluence on Data Center
    "GET /rest/api/content": _RESULTS,
    "GET /rest/api/content/search": _RESULTS,
    "GET /rest/api/content/{}": _ONE,
    "GET /rest/api/content/{}/child/attachment": _RESULTS,
    "GET /rest/api/content/{}/child/comment": _RESULTS,
    "GET /rest/api/content/{}/child/{}": _RESULTS,
    "GET /rest/api/content/{}/label": _RESULTS,
    "GET /rest/api/content/{}/restriction/byOperation": {},
    "GET /rest/api/search": _RESULTS,
    "GET /rest/api/space": _RESULTS,
    "GET /rest/api/space/{}": {"key": str},
    "GET /rest/api/space/{}/content/{}": _RESULTS,
    "GET /rest/api/user/watch/content/{}": {"watching": bool},
    "POST /rest/api/content": _ONE,
    "POST /rest/api/content/{}/child/attachment": _RESULTS,
    "POST /rest/api/content/{}/child/attachment/{}/data": {},
    "PUT /rest/api/content/{}": _ONE,
}
_MAY_BE_EMPTY = frozenset({"PUT /rest/agile/1.0/issue/rank"})


def row_of(method: str, template: str) -> str:
    """Return the name of an operation's row: "GET /issue/{}"."""
    return f"{method} {_PARAMETER.sub('{}', _JIRA.sub('', template))}"


def has_row(method: str, template: str) -> bool:
    """Tell whether it is known what the answer has to hold."""
    return row_of(method, template) in _ROWS


def flaw(method: str, template: str, reply: Reply) -> str:
    """Return what is wrong with a 2xx answer, in words for logs; '' when it can be used.

    An operation without a row has an answer that nobody reads: it may be missing.
    """
    row = row_of(method, template)
    shape = _ROWS.get(row)
    if not reply.body:
        return "" if shape is None or row in _MAY_BE_EMPTY else "empty"
    try:
        answer = reply.json()
    except UpstreamUnavailable:
        return f"no JSON, content type {reply.headers.get('Content-Type', '')[:60]!r}"
    return "" if shape is None else _mismatch(answer, shape, "answer")


def _mismatch(value: Any, shape: Any, place: str) -> str:
    match shape:
        case dict():
            return _in_object(value, shape, place)
        case [element]:
            if not isinstance(value, list):
                return f"{place} is no array"
            found = (_mismatch(one, element, f"{place}[{n}]") for n, one in enumerate(value))
            return next(filter(None, found), "")
        case _:
            return "" if isinstance(value, shape) else f"{place} has another type"


def _in_object(value: Any, shape: dict[str, Any], place: str) -> str:
    if not isinstance(value, dict):
        return f"{place} is no object"
    for name, inner in shape.items():
        member = name.removesuffix("?")
        if member != name and value.get(member) is None:
            continue
        if member not in value:
            return f"{place}.{member} is missing"
        if problem := _mismatch(value[member], inner, f"{place}.{member}"):
            return problem
    return ""
