"""Links of issues: to each other, to web pages, and to the epic above."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.jira import links as api
from xerus.atlassian.jira import metadata
from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.errors import InvalidInput
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Answer, Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.changes import Changed
from xerus.tools.jira.fields import IssueKey, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.listing import Listing
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line

COLUMNS = ("id", "kind", "to", "status", "title")
_KEY = re.compile(r"^[A-Z][A-Z0-9_]*-[0-9]{1,15}$")
_URL = re.compile(r"^https?://[^\s\x00-\x1f\x7f\"<>]+$", re.IGNORECASE)
_WEB = "web-"
_PARENT = frozenset({"parent", "epic"})
_NONE = frozenset({"", "none"})
_SIDES = (("outwardIssue", "outward"), ("inwardIssue", "inward"))


class GetLinks(ReadArgs):
    """Of which issue."""

    issue_key: IssueKey


@tool(
    title="Get links",
    effect=Effect.READ,
    toolset=Toolset.LINKS,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/{issueIdOrKey}/remotelink",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "GET /rest/api/2/issue/{issueIdOrKey}/remotelink",
    ),
)
async def get_links(jira: Jira, args: GetLinks) -> Listing:
    """List what a Jira issue is linked to: issues, web pages, parent, subtasks."""
    fields = (await jira.issue(args.issue_key, fields=("issuelinks", "parent", "subtasks")))[
        "fields"
    ]
    web = await api.web_links(jira, args.issue_key)
    above = [fields["parent"]] if fields.get("parent") else []
    rows = [
        *(["", "parent", *_issue(one)] for one in above),
        *(["", "subtask", *_issue(one)] for one in fields.get("subtasks") or []),
        *(_row(one) for one in fields.get("issuelinks") or []),
        *(_web_row(one) for one in web),
    ]
    return Listing(noun="link", columns=COLUMNS, rows=rows, source=f"jira {args.issue_key} links")


class Link(SiteArgs):
    """From where to where."""

    issue_key: IssueKey
    to: Annotated[
        str,
        Field(min_length=1, max_length=2000, description="Issue key, or URL of a web page"),
    ]
    kind: ShortText | None = Field(
        default=None,
        description='"blocks", "is blocked by" ... or "parent" for the epic (to=none: out of it)',
    )
    title: ShortText | None = Field(default=None, description="Of the web page")


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A link as Jira stored it, or as it was before it was removed.

    Attributes:
        head: our own words.
        row: its columns; empty when it could not be read back.
    """

    issue_key: str
    head: str
    link: str
    row: list[str]

    def markdown(self) -> str:
        """Return the link; titles are what people wrote."""
        head = f"{self.head}{self.link}"
        if not self.row:
            return head
        values = zip(COLUMNS, self.row, strict=True)
        text = "\n".join(f"{name}: {one_line(value)}" for name, value in values if value)
        return f"{head}\n{fenced(text, source=f'jira {self.issue_key} link')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        values = map(clean, self.row or [""] * len(COLUMNS))
        return {
            "issue_key": self.issue_key,
            "link": dict(zip(COLUMNS, values, strict=True)),
            "untrusted": ["link.title", "link.kind"],
        }


@tool(
    title="Link issue",
    effect=Effect.UPDATE,
    toolset=Toolset.LINKS,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issueLinkType",
        "POST /rest/api/3/issueLink",
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "PUT /rest/api/3/issue/{issueIdOrKey}",
        "POST /rest/api/3/issue/{issueIdOrKey}/remotelink",
        "GET /rest/api/3/issue/{issueIdOrKey}/remotelink/{linkId}",
    ),
    data_center=(
        "GET /rest/api/2/issueLinkType",
        "POST /rest/api/2/issueLink",
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "POST /rest/api/2/issue/{issueIdOrKey}/remotelink",
        "GET /rest/api/2/issue/{issueIdOrKey}/remotelink/{linkId}",
        "GET /rest/agile/1.0/issue/{issueIdOrKey}",
        "POST /rest/agile/1.0/epic/{epicIdOrKey}/issue",
        "POST /rest/agile/1.0/epic/none/issue",
    ),
)
async def link(jira: Jira, args: Link) -> Answer:
    """Link a Jira issue to an issue, a web page or its epic."""
    to = args.to.strip()
    if (args.kind or "").strip().casefold() in _PARENT:
        return await _put_below(jira, args.issue_key, to)
    if "://" in to:
        return await _to_page(jira, args, to)
    return await _to_issue(jira, args, _key(to))


async def _to_issue(jira: Jira, args: Link, to: str) -> Linked:
    if to == args.issue_key:
        raise InvalidInput("An issue cannot be linked to itself.")
    kind, is_outward = await _kind(jira, args.kind or "")
    inward, outward = (args.issue_key, to) if is_outward else (to, args.issue_key)
    await api.create(jira, kind, inward=inward, outward=outward)
    found, problem = await read_back(_links(jira, args.issue_key), otherwise=[])
    side = "outwardIssue" if is_outward else "inwardIssue"
    rows = [_row(one) for one in found if _fits(one, kind, side, to)]
    head = "Linked. " if rows else "Jira accepted the link, but does not show it. "
    return Linked(
        issue_key=args.issue_key,
        head=f"Jira accepted the link. {problem}" if problem else head,
        link=jira.link(args.issue_key),
        row=rows[-1] if rows else [],
    )


async def _links(jira: Jira, issue_key: str) -> list[dict[str, Any]]:
    issue = await jira.issue(issue_key, fields=("issuelinks",))
    return list(issue["fields"].get("issuelinks") or [])


def _fits(one: dict[str, Any], kind: str, side: str, to: str) -> bool:
    about = one.get("type") or {}
    # A type that reads the same from both ends may have been linked from the other one before.
    sides = {side} if about.get("inward") != about.get("outward") else {name for name, _ in _SIDES}
    return about.get("name") == kind and to in {(one.get(each) or {}).get("key") for each in sides}


async def _kind(jira: Jira, wanted: str) -> tuple[str, bool]:
    """Return the name of a link type, and whether the words are its outward ones."""
    choices = [
        (str(one["name"]), str(one.get(side, "")), side == "outward")
        for one in await metadata.link_types(jira)
        for side in ("outward", "inward")
        if side == "outward" or one.get("inward") != one.get("outward")
    ]
    name, _, is_outward = pick(
        wanted,
        choices,
        what="kind of link",
        names=lambda one: {one[1], one[0]} if one[2] else {one[1]},
        show=lambda one: one[1],
    )
    return name, is_outward


async def _to_page(jira: Jira, args: Link, url: str) -> Linked:
    if not _URL.match(url):
        raise InvalidInput(f"to: {url[:80]!r} is no address.", hint="Give http:// or https://.")
    title = args.title or url[:255]
    link_id = await api.add_web_link(jira, args.issue_key, url=url, title=title)
    stored = {"id": link_id, "object": {"url": url, "title": title}}
    found, problem = await read_back(api.web_link(jira, args.issue_key, link_id), otherwise=stored)
    return Linked(
        issue_key=args.issue_key,
        head=f"Linked. {problem}",
        link=jira.link(args.issue_key),
        row=_web_row(found),
    )


async def _put_below(jira: Jira, issue_key: str, to: str) -> Changed:
    above = None if to.casefold() in _NONE else _key(to)
    before = await api.parent(jira, issue_key)
    await api.set_parent(jira, issue_key, above)
    after, problem = await read_back(api.parent(jira, issue_key), otherwise=None)
    return Changed(
        issue_key=issue_key,
        link=jira.link(issue_key),
        names={"parent": "parent"},
        before={"parent": _only_key(before)},
        after={"parent": _only_key(after)},
        problem=problem,
    )


def _only_key(issue: dict[str, Any] | None) -> str:
    return str(issue.get("key", "")) if issue else ""


def _key(text: str) -> str:
    if not _KEY.match(text.upper()):
        raise InvalidInput(
            f"to: {text[:80]!r} is neither an issue key nor an address.",
            hint="Give ENG-12 or https://...",
        )
    return text.upper()


class DeleteLink(SiteArgs):
    """Which link."""

    link_id: Annotated[
        str,
        Field(pattern=r"^(web-)?[0-9]{1,20}$", description="Link id of jira_get_links"),
    ]
    issue_key: IssueKey | None = Field(default=None, description="Needed for a web link")


@tool(
    title="Delete link",
    effect=Effect.DELETE,
    toolset=Toolset.LINKS,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issueLink/{linkId}",
        "DELETE /rest/api/3/issueLink/{linkId}",
        "GET /rest/api/3/issue/{issueIdOrKey}/remotelink/{linkId}",
        "DELETE /rest/api/3/issue/{issueIdOrKey}/remotelink/{linkId}",
    ),
    data_center=(
        "GET /rest/api/2/issueLink/{linkId}",
        "DELETE /rest/api/2/issueLink/{linkId}",
        "GET /rest/api/2/issue/{issueIdOrKey}/remotelink/{linkId}",
        "DELETE /rest/api/2/issue/{issueIdOrKey}/remotelink/{linkId}",
    ),
)
async def delete_link(jira: Jira, args: DeleteLink) -> Linked:
    """Remove a link of a Jira issue; answers how to restore it."""
    if args.link_id.startswith(_WEB):
        return await _delete_web_link(jira, args)
    found = await api.one(jira, args.link_id)
    near, far = (
        str((found.get(side) or {}).get("key")) for side in ("inwardIssue", "outwardIssue")
    )
    if args.issue_key not in {None, near, far}:
        raise InvalidInput(
            f"Link {args.link_id} is between {near} and {far}, not of {args.issue_key}."
            " Nothing was deleted."
        )
    await api.delete(jira, args.link_id)
    return Linked(
        issue_key=near,
        head=f"Deleted. To restore: jira_link from {near} to {far} with the kind below. ",
        link=jira.link(near),
        row=_row(found),
    )


async def _delete_web_link(jira: Jira, args: DeleteLink) -> Linked:
    if args.issue_key is None:
        raise InvalidInput("Of which issue is the web link?", hint="Give issue_key.")
    number = args.link_id.removeprefix(_WEB)
    found = await api.web_link(jira, args.issue_key, number)
    await api.delete_web_link(jira, args.issue_key, number)
    return Linked(
        issue_key=args.issue_key,
        head="Deleted. To restore: jira_link with the address and title below. ",
        link=jira.link(args.issue_key),
        row=_web_row(found),
    )


def _row(link: dict[str, Any]) -> list[str]:
    side, words = next((pair for pair in _SIDES if link.get(pair[0])), _SIDES[0])
    kind = str((link.get("type") or {}).get(words, ""))
    return [str(link.get("id", "")), kind, *_issue(link.get(side) or {})]


def _issue(issue: dict[str, Any]) -> list[str]:
    fields = issue.get("fields") or {}
    return [str(issue.get("key", "")), flat(fields.get("status")), flat(fields.get("summary"))]


def _web_row(link: dict[str, Any]) -> list[str]:
    about = link.get("object") or {}
    kind = str(link.get("relationship") or "web page")
    address, title = str(about.get("url", "")), str(about.get("title", ""))
    return [f"{_WEB}{link.get('id')}", kind, address, "", title]
