"""Issues, pages and their parts, made by Ada when a case needs them."""

import base64
import itertools
import re
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any

from tests.tools.bench import Bench

_BODY = "# One\n\nAnchored words stand here.\n\n## Two\n\nMore of it."
_NUMBERS = itertools.count(1)
FILE = base64.b64encode(b"a few bytes").decode()


class Things:
    """Makes each thing once for one test; `fill` puts them where a row names them."""

    def __init__(self, ada: Bench) -> None:
        self._ada = ada
        self._made: dict[str, str] = {}

    async def fill(self, value: Any) -> Any:
        """Return `value` with every `$name` in it replaced."""
        match value:
            case str() if value.startswith("$"):
                return await self._thing(value[1:])
            case dict():
                return {name: await self.fill(one) for name, one in value.items()}
            case list():
                return [await self.fill(one) for one in value]
            case _:
                return value

    async def _thing(self, name: str) -> str:
        if name not in self._made:
            self._made[name] = await self._makers[name]()
        return self._made[name]

    @cached_property
    def _makers(self) -> dict[str, Callable[[], Awaitable[str]]]:
        return {
            "title": self._title,
            "sprint_name": self._sprint_name,
            "issue": lambda: self._issue("ENG"),
            "other_issue": lambda: self._issue("ENG"),
            "hr_issue": lambda: self._issue("HR"),
            "comment": lambda: self._issue_comment("issue"),
            "hr_comment": lambda: self._issue_comment("hr_issue"),
            "worklog": lambda: self._worklog("issue"),
            "hr_worklog": lambda: self._worklog("hr_issue"),
            "link": lambda: self._link("issue", "other_issue"),
            "hr_link": lambda: self._link("hr_issue", "hr_issue_too"),
            "hr_issue_too": lambda: self._issue("HR"),
            "file": lambda: self._file("jira", "issue_key", "issue"),
            "hr_file": lambda: self._file("jira", "issue_key", "hr_issue"),
            "sprint": self._sprint,
            "page": lambda: self._page("DOCS"),
            "other_page": lambda: self._page("DOCS"),
            "hr_page": lambda: self._page("HR"),
            "trashed": self._trashed,
            "folder": lambda: self._folder("DOCS"),
            "hr_folder": lambda: self._folder("HR"),
            "task": lambda: self._task("DOCS"),
            "hr_task": lambda: self._task("HR"),
            "template": lambda: self._template("DOCS"),
            "hr_template": lambda: self._template("HR"),
            "page_comment": lambda: self._page_comment("page"),
            "hr_page_comment": lambda: self._page_comment("hr_page"),
            "page_file": lambda: self._file("confluence", "page_id", "page"),
            "hr_page_file": lambda: self._file("confluence", "page_id", "hr_page"),
        }

    async def _title(self) -> str:
        return f"Title {next(_NUMBERS)}"

    async def _sprint_name(self) -> str:
        return f"Sprint of case {next(_NUMBERS)}"

    async def _issue(self, project_key: str) -> str:
        text = await self._ada.ok(
            "jira_create_issue",
            project_key=project_key,
            issue_type="Task",
            summary=f"A secret of {project_key}",
        )
        return _first(r"^Created\. ([A-Z]+-\d+):", text)

    async def _issue_comment(self, issue: str) -> str:
        text = await self._ada.ok(
            "jira_add_comment", issue_key=await self._thing(issue), body="A secret of HR"
        )
        return _first(r"focusedCommentId=(\d+)", text)

    async def _worklog(self, issue: str) -> str:
        text = await self._ada.ok(
            "jira_add_worklog", issue_key=await self._thing(issue), time_spent="1h"
        )
        return _first(r"focusedWorklogId=(\d+)", text)

    async def _link(self, one: str, other: str) -> str:
        key = await self._thing(one)
        await self._ada.ok("jira_link", issue_key=key, to=await self._thing(other), kind="blocks")
        found = await self._ada.json("jira_get_links", issue_key=key)
        return str(found["links"][0]["id"])

    async def _file(self, product: str, argument: str, place: str) -> str:
        where = {argument: await self._thing(place)}
        await self._ada.ok(
            f"{product}_add_attachment", filename="secret.txt", content=FILE, **where
        )
        found = await self._ada.json(f"{product}_attachments", **where)
        return str(found["attachments"][0]["id"])

    async def _sprint(self) -> str:
        text = await self._ada.ok(
            "jira_manage_sprint", action="create", board="1", name=await self._sprint_name()
        )
        return _first(r"\b[Ss]print (\d+)|\|(\d+)\||\bid: (\d+)", text)

    async def _page(self, space_key: str) -> str:
        text = await self._ada.ok(
            "confluence_create_page",
            space_key=space_key,
            title=f"A secret of {space_key}, number {next(_NUMBERS)}",
            content=_BODY,
        )
        return _first(r"^Created\. Page (\d+)", text)

    async def _folder(self, space_key: str) -> str:
        if not self._ada.is_cloud:
            return "1"  # there are none, so that any id will do
        text = await self._ada.ok(
            "confluence_create_folder", space_key=space_key, title=f"A secret of {space_key}"
        )
        return _first(r"^Created\. Folder (\d+)", text)

    async def _task(self, space_key: str) -> str:
        if not self._ada.is_cloud:
            return "1"
        text = await self._ada.ok(
            "confluence_create_page",
            space_key=space_key,
            title=f"Tasks of {space_key}, number {next(_NUMBERS)}",
            content=f"- [ ] A secret of {space_key}",
        )
        page_id = _first(r"^Created\. Page (\d+)", text)
        found = await self._ada.json("confluence_get_tasks", page_id=page_id)
        return str(found["tasks"][0]["id"])

    async def _template(self, space_key: str) -> str:
        if not self._ada.is_cloud:
            return "1"
        found = await self._ada.json("confluence_templates", space_key=space_key)
        return str(found["templates"][0]["id"])

    async def _trashed(self) -> str:
        page_id = await self._page("DOCS")
        await self._ada.ok("confluence_delete_page", page_id=page_id)
        return page_id

    async def _page_comment(self, page: str) -> str:
        text = await self._ada.ok(
            "confluence_add_comment", page_id=await self._thing(page), body="A secret of HR"
        )
        return _first(r"comment (\d+)", text)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, text
    return str(next(filter(None, found.groups())))
