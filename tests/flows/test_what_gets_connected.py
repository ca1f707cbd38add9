"""What a person gets by connecting Atlassian, by the words that promise it.

Each promise is kept through MCP, by a client of the official SDK at `/mcp`, with the connection of
the person whose client it is.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from mcp import Client

from tests.support.browser import Browser
from tests.support.journeys import ADA, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack

# "What Gets Connected" of the OAuth Authentication Guide that Xerus was asked for by, word by word.
JIRA_CAPABILITIES = (
    "Create, read, update, and delete issues",
    "Search issues across projects",
    "Add comments and manage issue workflows",
    "Transition issues between statuses",
    "Assign issues and manage watchers",
    "Access project metadata (types, priorities, statuses)",
)
CONFLUENCE_CAPABILITIES = (
    "Create, read, update, and delete pages",
    "Search content across spaces",
    "Manage page comments",
    "Access space information",
    "Content organization and navigation",
)
CAPABILITIES = (*JIRA_CAPABILITIES, *CONFLUENCE_CAPABILITIES)


@dataclass
class Tools:
    """The tools as a client of Ada's has them."""

    client: Client

    async def text(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, text_of(result)
        return text_of(result)

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        return text_of(result)

    async def json(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, {"format": "json", **arguments})
        assert result.structured_content is not None, text_of(result)
        return dict(result.structured_content)

    async def issue(self, summary: str) -> str:
        """Create an issue and return its key."""
        asked = {"project_key": "ENG", "issue_type": "Task", "summary": summary}
        return _found(r"\b(ENG-\d+)\b", await self.text("jira_create_issue", **asked))

    async def fields(self, key: str) -> dict[str, str]:
        return dict((await self.json("jira_get_issue", issue_key=key))["fields"])

    async def page(self, title: str, content: str = "Words", **more: str) -> str:
        """Create a page and return its id."""
        asked = {"space_key": "DOCS", "title": title, "content": content, **more}
        return _found(r"\b(\d{5,})\b", await self.text("confluence_create_page", **asked))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


Flow = Callable[[Tools], Awaitable[None]]
FLOWS: dict[str, Flow] = {}


def keeps(promise: str) -> Callable[[Flow], Flow]:
    """Enter the flow that keeps a promise."""

    def enter(flow: Flow) -> Flow:
        FLOWS[promise] = flow
        return flow

    return enter


@keeps("Create, read, update, and delete issues")
async def issues(tools: Tools) -> None:
    key = await tools.issue("Made through MCP")
    assert (await tools.fields(key))["reporter"] == "Ada Lovelace"
    await tools.text("jira_update_issue", issue_key=key, fields={"summary": "Changed"})
    assert (await tools.fields(key))["summary"] == "Changed"
    await tools.text("jira_delete_issue", issue_key=key)
    assert "may not see it" in await tools.refused("jira_get_issue", issue_key=key)


@keeps("Search issues across projects")
async def issue_search(tools: Tools) -> None:
    jql = "project in (ENG, OPS) ORDER BY created"
    cursor: str | None = None
    projects: set[str] = set()
    while projects != {"ENG", "OPS"}:
        found = await tools.json("jira_search", jql=jql, limit=50, cursor=cursor)
        projects |= {one["key"].partition("-")[0] for one in found["issues"]}
        cursor = found["cursor"]
        assert cursor or projects == {"ENG", "OPS"}


@keeps("Add comments and manage issue workflows")
async def comments_and_workflow(tools: Tools) -> None:
    key = await tools.issue("Talked about")
    assert "Said here" in await tools.text("jira_add_comment", issue_key=key, body="Said here")
    comments = (await tools.json("jira_get_comments", issue_key=key))["comments"]
    assert [(one["author"], one["body"]) for one in comments] == [("Ada Lovelace", "Said here")]
    assert "Start progress" in await tools.text("jira_get_transitions", issue_key=key)
    await tools.text(
        "jira_transition_issue", issue_key=key, transition="Start progress", comment="Begun"
    )
    assert (await tools.fields(key))["status"] == "In Progress"
    assert "Begun" in await tools.text("jira_get_comments", issue_key=key)


@keeps("Transition issues between statuses")
async def transitions(tools: Tools) -> None:
    key = await tools.issue("On its way")
    for status in ("In Progress", "In Review", "Done", "To Do"):
        await tools.text("jira_transition_issue", issue_key=key, transition=status)
        assert (await tools.fields(key))["status"] == status


@keeps("Assign issues and manage watchers")
async def assignment_and_watchers(tools: Tools) -> None:
    key = await tools.issue("For somebody")
    await tools.text("jira_assign_issue", issue_key=key, assignee="Grace Hopper")
    assert (await tools.fields(key))["assignee"] == "Grace Hopper"
    await tools.text("jira_assign_issue", issue_key=key, assignee="none")
    assert "assignee" not in await tools.fields(key)
    await tools.text("jira_watch", issue_key=key, user="Grace Hopper")
    assert "Grace Hopper" in await tools.text("jira_get_watchers", issue_key=key)
    await tools.text("jira_watch", issue_key=key, user="Grace Hopper", action="remove")
    assert "Grace Hopper" not in await tools.text("jira_get_watchers", issue_key=key)


@keeps("Access project metadata (types, priorities, statuses)")
async def metadata(tools: Tools) -> None:
    assert "Engineering" in await tools.text("jira_get_projects")
    for what, name in (("types", "Bug"), ("priorities", "High"), ("statuses", "In Review")):
        assert name in await tools.text("jira_get_metadata", what=what, project_key="ENG")
    project = await tools.text("jira_get_project", project_key="ENG")
    assert "Bug" in project
    assert "In Review" in project


@keeps("Create, read, update, and delete pages")
async def pages(tools: Tools) -> None:
    page = await tools.page("Made through MCP", "First words")
    assert "First words" in await tools.text("confluence_get_page", page_id=page)
    await tools.text("confluence_update_page", page_id=page, content="Other words")
    text = await tools.text("confluence_get_page", page_id=page)
    assert "Other words" in text
    assert "First words" not in text
    await tools.text("confluence_delete_page", page_id=page)
    assert "may not see it" in await tools.refused("confluence_get_page", page_id=page)


@keeps("Search content across spaces")
async def content_search(tools: Tools) -> None:
    text = await tools.text("confluence_search", query="space in (DOCS, TEAM)", limit=50)
    assert "DOCS" in text
    assert "TEAM" in text


@keeps("Manage page comments")
async def page_comments(tools: Tools) -> None:
    page = await tools.page("Talked about")
    text = await tools.text("confluence_add_comment", page_id=page, body="Said below")
    assert "Said below" in text
    found = await tools.json("confluence_get_comments", page_id=page)
    number = str(found["comments"][0]["id"])
    await tools.text("confluence_edit_comment", comment_id=number, body="Said again")
    assert "Said again" in await tools.text("confluence_get_comments", page_id=page)
    await tools.text("confluence_delete_comment", comment_id=number)
    assert "Said again" not in await tools.text("confluence_get_comments", page_id=page)


@keeps("Access space information")
async def spaces(tools: Tools) -> None:
    text = await tools.text("confluence_get_spaces")
    assert "DOCS" in text
    assert "TEAM" in text
    assert "Documentation" in await tools.text("confluence_get_space", space_key="DOCS")


@keeps("Content organization and navigation")
async def organization(tools: Tools) -> None:
    above = await tools.page("Above")
    below = await tools.page("Below", parent_id=above)
    other = await tools.page("Moved")
    await tools.text("confluence_move_page", page_id=other, target_id=above)
    children = await tools.text("confluence_page_tree", page_id=above)
    assert below in children
    assert other in children
    assert above in await tools.text("confluence_page_tree", page_id=other, show="ancestors")
    await tools.text("confluence_label", page_id=below, add=["found-by-label"])
    assert "found-by-label" in await tools.text("confluence_get_labels", page_id=below)


@pytest.fixture(scope="module")
async def storage(stack: Stack) -> AsyncIterator[tuple[Browser, Storage]]:
    """Ada's browser, in which she connected Atlassian, and what her client keeps."""
    async with Browser() as browser:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        yield browser, Storage()


@asynccontextmanager
async def tools_of(stack: Stack, storage: tuple[Browser, Storage]) -> AsyncIterator[Tools]:
    browser, kept = storage
    async with connected(stack.url, kept, browser, ADA) as client:
        yield Tools(client)


@pytest.mark.parametrize("promise", CAPABILITIES)
async def test_what_was_promised_works_through_mcp(
    stack: Stack, storage: tuple[Browser, Storage], promise: str
) -> None:
    mark = await stack.sandbox.atlassian.mark()
    async with tools_of(stack, storage) as tools:
        await FLOWS[promise](tools)
    seen = [
        entry
        for entry in await stack.sandbox.atlassian.log(mark)
        if entry["path"].startswith("/ex/")
    ]
    assert {(entry["account"], entry["credential"]) for entry in seen} == {(ADA, "oauth")}


def test_every_promise_has_its_flow_and_no_flow_is_without_one() -> None:
    assert len(set(CAPABILITIES)) == len(CAPABILITIES) == 11
    assert FLOWS.keys() == set(CAPABILITIES)
