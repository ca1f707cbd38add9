"""The files of issues: listed, shown, added, deleted."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import Field

from xerus.atlassian.jira import attachments as client
from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.atlassian.jira.offsets import Page, sliced
from xerus.settings.toolsets import Toolset
from xerus.tools.choices import pick
from xerus.tools.declaration import Answer, Effect, ReadArgs, SiteArgs, tool
from xerus.tools.files import (
    Base64,
    FileName,
    FileRef,
    MaxChars,
    Offset,
    check_readable,
    form_of,
    view,
)
from xerus.tools.jira.fields import IssueKey
from xerus.tools.jira.records import flat, person
from xerus.tools.paging import counted, more
from xerus.tools.readback import read_back
from xerus.tools.tables import without_empty
from xerus.tools.untrusted import clean, fenced, one_line

_COLUMNS = ("id", "name", "type", "bytes", "by", "added")


class Attachments(ReadArgs):
    """Of which issue, and which one to read."""

    issue_key: IssueKey
    attachment: FileRef | None = Field(
        default=None, description="Id or file name to read; default: list all"
    )
    max_chars: MaxChars = 20_000
    offset: Offset = 0
    limit: int = Field(default=50, ge=1, le=100, description="Most in a list")
    cursor: str | None = Field(default=None, max_length=20, description="From the answer before")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The files of an issue, the newest first."""

    issue_key: str
    page: Page

    def markdown(self) -> str:
        """Return a table, fenced: people named the files."""
        page = self.page
        if not page.values:
            return f"{self.issue_key} has no attachments."
        head = counted(len(page.values), "attachment", cursor=page.cursor, total=page.total)
        rows = without_empty(_COLUMNS, [_row(entry) for entry in page.values])
        return (
            f"{self.issue_key}: {head}.\n"
            f"{fenced(rows, source=f'jira {self.issue_key} attachments')}{more(page.cursor)}"
        )

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        rows = [
            dict(zip(_COLUMNS, map(clean, _row(entry)), strict=True)) for entry in self.page.values
        ]
        return {
            "issue_key": self.issue_key,
            "attachments": rows,
            "cursor": self.page.cursor,
            "untrusted": ["attachments[]"],
        }


@tool(
    title="Get attachments",
    effect=Effect.READ,
    toolset=Toolset.FILES,
    scopes={READ},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/attachment/content/{id}",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "GET /secure/attachment/{id}/{filename}",
    ),
)
async def attachments(jira: Jira, args: Attachments) -> Answer:
    """List the files of a Jira issue, or read one: a text or a picture."""
    found = await client.of_issue(jira, args.issue_key)
    if args.attachment is None:
        page = sliced(found, cursor=args.cursor, limit=args.limit)
        return Listed(issue_key=args.issue_key, page=page)
    entry = _picked(found, args.attachment)
    link = _link(jira, entry)
    check_readable(int(entry.get("size") or 0), link)
    return view(
        await client.content(jira, entry),
        what=f"attachment {entry['id']} of {args.issue_key}",
        link=link,
        name=str(entry.get("filename", "")),
        author=person(entry.get("author")),
        at=flat(entry.get("created")),
        offset=args.offset,
        max_chars=args.max_chars,
    )


class AddAttachment(SiteArgs):
    """A file for an issue."""

    issue_key: IssueKey
    filename: FileName
    content: Base64


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What was done with one file; `head` is our own word above it."""

    head: str
    issue_key: str
    entry: dict[str, Any]

    def markdown(self) -> str:
        """Return what was done, and the file's row."""
        rows = without_empty(_COLUMNS, [_row(self.entry)])
        return f"{self.head}\n{fenced(rows, source=f'jira {self.issue_key} attachment')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        row = dict(zip(_COLUMNS, map(clean, _row(self.entry)), strict=True))
        return {"issue_key": self.issue_key, "attachment": row, "untrusted": ["attachment"]}


@tool(
    title="Add attachment",
    effect=Effect.CREATE,
    toolset=Toolset.FILES,
    scopes={WRITE},
    endpoints=("POST /rest/api/3/issue/{issueIdOrKey}/attachments",),
    data_center=("POST /rest/api/2/issue/{issueIdOrKey}/attachments",),
)
async def add_attachment(jira: Jira, args: AddAttachment) -> Changed:
    """Attach a file to a Jira issue; one of the same name stays beside it."""
    form = form_of(args.filename, args.content)
    stored = await client.add(jira, args.issue_key, form)
    head = f"Attached to {args.issue_key}: {_link(jira, stored)}"
    return Changed(head=head, issue_key=args.issue_key, entry=stored)


class DeleteAttachment(SiteArgs):
    """Which file."""

    issue_key: IssueKey
    attachment: FileRef


@tool(
    title="Delete attachment",
    effect=Effect.DELETE,
    toolset=Toolset.FILES,
    scopes={READ, WRITE},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}", "DELETE /rest/api/3/attachment/{id}"),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}", "DELETE /rest/api/2/attachment/{id}"),
)
async def delete_attachment(jira: Jira, args: DeleteAttachment) -> Changed:
    """Delete a file of a Jira issue for good."""
    entry = _picked(await client.of_issue(jira, args.issue_key), args.attachment)
    await client.delete(jira, str(entry["id"]))
    left, problem = await read_back(client.of_issue(jira, args.issue_key), otherwise=[])
    count = problem or f"{len(left)} left. "
    return Changed(
        head=f"Deleted from {args.issue_key}. {count}Jira keeps no copy: to restore it, attach "
        "the file again.",
        issue_key=args.issue_key,
        entry=entry,
    )


def _picked(found: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    return pick(
        wanted,
        found,
        what="attachment",
        names=lambda entry: [str(entry.get("id", "")), str(entry.get("filename", ""))],
        show=lambda entry: f"{entry.get('id')} {one_line(str(entry.get('filename', '')))}",
    )


def _link(jira: Jira, entry: dict[str, Any]) -> str:
    """Return where people open a file; the address in the answer may name the API gateway."""
    name = quote(str(entry.get("filename", "")), safe="")
    return f"{jira.target.browse_base}/secure/attachment/{int(entry['id'])}/{name}"


def _row(entry: dict[str, Any]) -> list[str]:
    return [
        str(entry.get("id", "")),
        str(entry.get("filename", "")),
        str(entry.get("mimeType", "")),
        str(entry.get("size", "")),
        person(entry.get("author")),
        flat(entry.get("created")),
    ]
