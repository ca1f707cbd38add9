"""200 with something else than the answer: the product is named, and what to do."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from xerus.atlassian.shapes import has_row
from xerus.settings import toolsets
from xerus.tools.catalogue import Catalogue
from xerus.tools.policy import Policy

BODIES: dict[str, Any] = {
    "html": "<!doctype html><title>Log in</title>",
    "empty": "",
    "array": [],
    "object": {},
    "error": {"errorMessages": ["Something failed."], "errors": {}},
    "wrong members": {"issues": {}, "results": "x", "comments": [3], "values": 7, "total": "many"},
    "null": None,
}
READS: list[tuple[str, str, dict[str, Any], str]] = [
    ("Jira", "jira_search", {"jql": "project = ENG"}, "/search"),
    ("Jira", "jira_get_issue", {"issue_key": "ENG-1"}, "/issue/ENG-1$"),
    ("Jira", "jira_get_comments", {"issue_key": "ENG-1"}, "/comment$"),
    ("Jira", "jira_get_transitions", {"issue_key": "ENG-1"}, "/transitions$"),
    ("Jira", "jira_get_project", {"project_key": "ENG"}, "/project/ENG$"),
    ("Confluence", "confluence_search", {"query": "space = DOCS"}, "/search$"),
    ("Confluence", "confluence_get_page", {"page_id": "65538"}, "/(pages|content)/65538$"),
    ("Confluence", "confluence_get_spaces", {}, "/(spaces|space)$"),
]
WRITES: list[tuple[str, str, dict[str, Any], str]] = [
    ("Jira", "jira_add_comment", {"issue_key": "ENG-1", "body": "x"}, "/comment$"),
    (
        "Jira",
        "jira_create_issue",
        {"project_key": "ENG", "issue_type": "Task", "summary": "x"},
        "/issue$",
    ),
    (
        "Confluence",
        "confluence_create_page",
        {"space_key": "DOCS", "title": "Unusable", "content": "x"},
        "/(pages|content)$",
    ),
    (
        "Confluence",
        "confluence_add_comment",
        {"page_id": "65538", "body": "x"},
        "/(footer-comments|content)$",
    ),
]
NOBODY_READS = re.compile(
    r"DELETE .*|PUT /rest/api/[23]/issue/[^/]+(/assignee)?"
    r"|POST .*/(transitions|watchers|issueLink|backlog/issue|epic/[^/]+/issue|sprint/[^/]+/issue)"
    r"|POST .*/(label|content/\{id\}/version|user/watch/content/[^/]+)"
    r"|PUT /wiki/api/v2/((footer|inline)-comments/[^/]+|pages/[^/]+/title|tasks/[^/]+)|PUT .*/move/.*"
)
FILES = re.compile(r"GET .*(/attachment/content/|/download|/secure/attachment/).*")


async def answer(bench: Bench, method: str, path: str, body: Any) -> None:
    """Let the sandbox answer 200 with `body` once."""
    fault = {"fault": "status", "status": 200, "method": method, "path_regex": path, "body": body}
    fault["headers"] = {"Atl-TraceId": "trace-of-the-answer"}
    await bench.sandbox.atlassian.faults([fault])


def is_named(text: str, product: str) -> bool:
    return (
        text.startswith(f"{product} sent an answer that cannot be used.")
        and "Its id for support: " in text
        and "Atlassian's id of the request: trace-of-the-answer" in text
        and "inside Xerus" not in text
    )


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(("product", "tool", "arguments", "path"), READS)
async def test_an_unusable_answer_to_a_read_names_the_product(
    bench: Bench, kind: str, product: str, tool: str, arguments: dict[str, Any], path: str
) -> None:
    await answer(bench, "*", path, BODIES[kind])
    text = await bench.failed(tool, **arguments)
    assert is_named(text, product), text
    assert "Try again" in text
    assert bench.audit.finishes[-1][1] == "upstream_malformed"
    await bench.ok(tool, **arguments)


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(("product", "tool", "arguments", "path"), WRITES)
async def test_an_unusable_answer_to_a_write_leaves_open_whether_it_happened(
    bench: Bench, kind: str, product: str, tool: str, arguments: dict[str, Any], path: str
) -> None:
    await answer(bench, "POST", path, BODIES[kind])
    text = await bench.failed(tool, **arguments)
    assert is_named(text, product), text
    assert "The change may have happened: look before you repeat it." in text
    assert "Try again" not in text


@pytest.mark.parametrize("deployment", ["cloud"])
async def test_html_is_no_answer_even_where_none_is_read(bench: Bench) -> None:
    await answer(bench, "PUT", "/assignee$", BODIES["html"])
    text = await bench.failed("jira_assign_issue", issue_key="ENG-1", assignee="me")
    assert is_named(text, "Jira"), text
    assert "may have happened" in text


def test_every_answer_that_is_read_has_its_shape_written_down() -> None:
    tools = Catalogue(policy=Policy(choices=toolsets.ALL)).tools
    declared = {line for tool in tools for line in (*tool.endpoints, *tool.data_center)}
    unread = {line for line in declared if NOBODY_READS.fullmatch(line) or FILES.fullmatch(line)}
    rows = {line for line in declared if has_row(*line.split(" ", 1))}
    assert rows.isdisjoint(unread)
    assert declared - rows == unread
