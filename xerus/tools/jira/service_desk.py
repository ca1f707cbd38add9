"""Service desks: their queues, their requests, and answering customers."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from xerus.atlassian.jira import service_desk as api
from xerus.atlassian.jira.client import READ, Jira
from xerus.atlassian.jira.offsets import Page
from xerus.atlassian.jira.service_desk import READ_REQUESTS, WRITE_REQUESTS
from xerus.content.wiki_to_markdown import wiki_to_markdown
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Answer, Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.fields import Cursor, IssueKey, Markdown, ShortText
from xerus.tools.jira.records import flat, person
from xerus.tools.listing import Listing
from xerus.tools.paging import counted, more
from xerus.tools.untrusted import clean, fenced, one_line

_NUMBER = re.compile(r"^[0-9]{1,15}$")
_ISSUE_COLUMNS = ("issuetype", "status", "priority", "assignee", "created", "summary")
_DESKS = "GET /rest/servicedeskapi/servicedesk"
_QUEUES = _DESKS + "/{serviceDeskId}/queue"
_REQUESTS = "GET /rest/servicedeskapi/request"

Desk = Annotated[ShortText, Field(description="Project key, name or id")]


class Queues(ReadArgs):
    """Of which desk, and which of them."""

    service_desk: Desk | None = Field(default=None)
    queue: ShortText | None = Field(default=None, description="Name or id: its issues")
    limit: int = Field(default=50, ge=1, le=100, description="Most rows")
    cursor: Cursor = None


@tool(
    name="jsm_queues",
    title="Get service desk queues",
    effect=Effect.READ,
    toolset=Toolset.JSM,
    scopes={READ, READ_REQUESTS},
    endpoints=(_DESKS, _QUEUES, _QUEUES + "/{queueId}/issue"),
    data_center=(_DESKS, _QUEUES, _QUEUES + "/{queueId}/issue"),
)
async def queues(jira: Jira, args: Queues) -> Listing:
    """List Jira service desks, the queues of one, or the issues of a queue."""
    if args.service_desk is None:
        if args.queue is not None:
            raise InvalidInput("A queue of which desk?", hint="Give service_desk.")
        return _desks(jira, await api.desks(jira, limit=args.limit, cursor=args.cursor))
    desk_id = await _desk_id(jira, args.service_desk)
    if args.queue is None:
        page = await api.queues(jira, desk_id, limit=args.limit, cursor=args.cursor)
        return _listing(page, "queue", f"service desk {desk_id}", ("id", "name", "issueCount"))
    queue_id = await _queue_id(jira, desk_id, args.queue)
    page = await api.queue_issues(jira, desk_id, queue_id, limit=args.limit, cursor=args.cursor)
    return Listing(
        noun="issue",
        columns=("key", *_ISSUE_COLUMNS),
        rows=[_issue_row(one) for one in page.values],
        source=f"jira queue {queue_id}",
        cursor=page.cursor,
    )


class Requests(ReadArgs):
    """Which requests, or one of them."""

    request_key: IssueKey | None = Field(default=None, description="One, with comments")
    service_desk: Desk | None = Field(default=None)
    what: Literal["requests", "types"] = Field(default="requests", description="types: of requests")
    status: Literal["open", "closed", "all"] = Field(default="open", description="Of requests")
    query: ShortText | None = Field(default=None, description="In the summary")
    limit: int = Field(default=25, ge=1, le=100, description="Most rows")
    cursor: Cursor = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, and a page of its comments."""

    found: dict[str, Any]
    link: str
    comments: Page

    def markdown(self) -> str:
        """Return fields and comments; each says whether the customer sees it."""
        key = str(self.found["issueKey"])
        lines = [f"{name}: {one_line(value)}" for name, value in self._values().items() if value]
        head = counted(
            len(self.comments.values), "comment", cursor=self.comments.cursor, total=None
        )
        parts = [
            f"{key}: {self.link}",
            fenced("\n".join(lines), source=f"jira request {key}"),
            f"{head}, oldest first.",
            *(_comment_markdown(key, one) for one in self.comments.values),
        ]
        return "\n".join(parts) + more(self.comments.cursor)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "key": str(self.found["issueKey"]),
            "link": self.link,
            "fields": {name: clean(value) for name, value in self._values().items()},
            "comments": [_comment(one) for one in self.comments.values],
            "cursor": self.comments.cursor,
            "untrusted": ["fields", "comments[].body"],
        }

    def _values(self) -> dict[str, str]:
        fields = {
            str(one.get("label") or one.get("fieldId")): flat(one.get("value"))
            for one in self.found.get("requestFieldValues") or []
        }
        row = dict(zip(_REQUEST_COLUMNS, _request_row(self.found), strict=True))
        kind = flat(self.found.get("requestType"))
        return {"type": kind, **{name: row[name] for name in ("status", "reporter")}, **fields}


@tool(
    name="jsm_requests",
    title="Get service desk requests",
    effect=Effect.READ,
    toolset=Toolset.JSM,
    scopes={READ_REQUESTS},
    endpoints=(
        _REQUESTS,
        _REQUESTS + "/{issueIdOrKey}",
        _REQUESTS + "/{issueIdOrKey}/comment",
        _DESKS,
        _DESKS + "/{serviceDeskId}/requesttype",
    ),
    data_center=(
        _REQUESTS,
        _REQUESTS + "/{issueIdOrKey}",
        _REQUESTS + "/{issueIdOrKey}/comment",
        _DESKS,
        _DESKS + "/{serviceDeskId}/requesttype",
    ),
)
async def requests(jira: Jira, args: Requests) -> Answer:
    """List requests of a Jira service desk, or read one with its comments."""
    if args.request_key is not None:
        found = await api.request(jira, args.request_key)
        page = await api.comments(jira, args.request_key, limit=args.limit, cursor=args.cursor)
        return Request(found=found, link=jira.link(args.request_key), comments=page)
    desk_id = await _desk_id(jira, args.service_desk) if args.service_desk else ""
    if args.what == "types":
        if not desk_id:
            raise InvalidInput("Types of which desk?", hint="Give service_desk.")
        page = await api.request_types(jira, desk_id, limit=args.limit, cursor=args.cursor)
        columns = ("id", "name", "description", "helpText")
        return _listing(page, "type", f"service desk {desk_id} types", columns)
    page = await api.requests(jira, _asked(args, desk_id), limit=args.limit, cursor=args.cursor)
    return Listing(
        noun="request",
        columns=_REQUEST_COLUMNS,
        rows=[_request_row(one) for one in page.values],
        source=f"jira {jira.target.site_name} requests",
        cursor=page.cursor,
    )


class Reply(SiteArgs):
    """To which request, what, and who may read it."""

    request_key: IssueKey
    body: Annotated[Markdown, Field(description="Markdown")]
    public: bool = Field(description="true: the customer gets it; false: internal note")


@dataclass(frozen=True, kw_only=True)
class Replied:
    """A comment as stored."""

    request_key: str
    link: str
    stored: dict[str, Any]
    asked_public: bool

    def markdown(self) -> str:
        """Return what was stored, and who sees it."""
        is_public = bool(self.stored.get("public"))
        said = "The customer sees it" if is_public else "Internal: the customer does not see it"
        if is_public is not self.asked_public:
            said = f"Not as asked for! {said}"
        comment = _comment_markdown(self.request_key, self.stored)
        return f"Comment added. {said}. {self.link}\n{comment}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {"link": self.link, "comment": _comment(self.stored), "untrusted": ["comment.body"]}


@tool(
    name="jsm_reply",
    title="Reply to a request",
    effect=Effect.CREATE,
    toolset=Toolset.JSM,
    scopes={WRITE_REQUESTS},
    endpoints=("POST /rest/servicedeskapi/request/{issueIdOrKey}/comment",),
    data_center=("POST /rest/servicedeskapi/request/{issueIdOrKey}/comment",),
)
async def reply(jira: Jira, args: Reply) -> Replied:
    """Answer the customer of a Jira request, or note something internally."""
    body = await to_body(args.body, is_cloud=False)  # wiki markup, for this API on Cloud too
    stored = await api.reply(jira, args.request_key, body, public=args.public)
    return Replied(
        request_key=args.request_key,
        link=jira.link(args.request_key),
        stored=stored,
        asked_public=args.public,
    )


_REQUEST_COLUMNS = ("key", "status", "reporter", "created", "summary")


def _desks(jira: Jira, page: Page) -> Listing:
    columns = ("id", "projectKey", "projectName")
    return _listing(page, "service desk", f"{jira.target.site_name} service desks", columns)


def _listing(page: Page, noun: str, source: str, columns: tuple[str, ...]) -> Listing:
    return Listing(
        noun=noun,
        columns=columns,
        rows=[[flat(one.get(name)) for name in columns] for one in page.values],
        source=f"jira {source}",
        cursor=page.cursor,
    )


async def _desk_id(jira: Jira, wanted: str) -> str:
    if _NUMBER.match(wanted.strip()):
        return wanted.strip()
    found = pick(
        wanted,
        (await api.desks(jira)).values,
        what="service desk",
        names=lambda one: {str(one.get("projectKey", "")), str(one.get("projectName", ""))},
        show=lambda one: f"{one.get('projectKey')} {one.get('projectName')}",
    )
    return str(found["id"])


async def _queue_id(jira: Jira, desk_id: str, wanted: str) -> str:
    if _NUMBER.match(wanted.strip()):
        return wanted.strip()
    found = pick(
        wanted,
        (await api.queues(jira, desk_id)).values,
        what="queue",
        names=lambda one: {str(one.get("name", ""))},
        show=lambda one: f"{one.get('id')} {one.get('name')}",
    )
    return str(found["id"])


def _asked(args: Requests, desk_id: str) -> dict[str, str]:
    status = {"open": "OPEN_REQUESTS", "closed": "CLOSED_REQUESTS", "all": "ALL_REQUESTS"}
    asked = {"requestOwnership": "ALL_REQUESTS", "requestStatus": status[args.status]}
    if desk_id:
        asked["serviceDeskId"] = desk_id
    if args.query:
        asked["searchTerm"] = args.query
    return asked


def _issue_row(issue: dict[str, Any]) -> list[str]:
    fields = issue.get("fields") or {}
    return [str(issue.get("key", "")), *(flat(fields.get(name)) for name in _ISSUE_COLUMNS)]


def _request_row(found: dict[str, Any]) -> list[str]:
    values = found.get("requestFieldValues") or []
    summary = next((one.get("value") for one in values if one.get("fieldId") == "summary"), "")
    return [
        str(found.get("issueKey", "")),
        str((found.get("currentStatus") or {}).get("status", "")),
        person(found.get("reporter")),
        _when(found.get("createdDate")),
        flat(found.get("summary") or summary),
    ]


def _comment(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(entry.get("id", "")),
        "author": clean(person(entry.get("author"))),
        "at": _when(entry.get("created")),
        "public": bool(entry.get("public")),
        "body": clean(wiki_to_markdown(str(entry.get("body") or "")).markdown),
    }


def _comment_markdown(key: str, entry: dict[str, Any]) -> str:
    shown = _comment(entry)
    kind = "public" if shown["public"] else "internal"
    source = f"jira {key} {kind} comment {shown['id']}"
    return fenced(shown["body"], source=source, author=shown["author"], at=shown["at"])


def _when(date: Any) -> str:
    return flat(date.get("iso8601")) if isinstance(date, dict) else ""
