from typing import Any

import pytest

from xerus.assistant.grammar import EXAMPLES, understand

CASES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "find open bugs in ENG",
        "jira_search",
        {"project_key": "ENG", "issue_type": "Bug", "open_only": True},
    ),
    (
        "  Please FIND all open   issues in eng. ",
        "jira_search",
        {"project_key": "ENG", "open_only": True},
    ),
    ("list my issues", "jira_search", {"assignee": "me"}),
    (
        "my open tasks in the OPS project",
        "jira_search",
        {"project_key": "OPS", "issue_type": "Task", "open_only": True, "assignee": "me"},
    ),
    (
        "search stories about “checkout page” in ENG",
        "jira_search",
        {"project_key": "ENG", "issue_type": "Story", "text": "checkout page"},
    ),
    ("find time-outs in ENG", "jira_search", {"project_key": "ENG", "text": "time-outs"}),
    ("show ENG-12", "jira_get_issue", {"issue_key": "ENG-12"}),
    ("eng-12?", "jira_get_issue", {"issue_key": "ENG-12"}),
    (
        "create a task in ENG: Buy milk!",
        "jira_create_issue",
        {"project_key": "ENG", "issue_type": "Task", "summary": "Buy milk!"},
    ),
    (
        "Create bug in eng: Broken\nIt fails.\nAlways.",
        "jira_create_issue",
        {
            "project_key": "ENG",
            "issue_type": "Bug",
            "summary": "Broken",
            "description": "It fails.\nAlways.",
        },
    ),
    ("comment on ENG-12: Done?", "jira_add_comment", {"issue_key": "ENG-12", "body": "Done?"}),
    (
        "move eng-12 to In Progress",
        "jira_transition_issue",
        {"issue_key": "ENG-12", "transition": "In Progress"},
    ),
    (
        "find pages about release in DOCS",
        "confluence_search",
        {"query": "release", "type": "page", "space_key": "DOCS"},
    ),
    (
        "create a page in DOCS: Title\nText",
        "confluence_create_page",
        {"space_key": "DOCS", "title": "Title", "content": "Text"},
    ),
    ("Am I connected?", "connection_status", {}),
]


@pytest.mark.parametrize(("text", "tool", "arguments"), CASES)
def test_a_request_becomes_the_call_it_means(
    text: str, tool: str, arguments: dict[str, Any]
) -> None:
    request = understand(text)
    assert request is not None
    shown = {"limit": 10} if tool == "jira_search" else {}
    assert (request.tool, request.arguments) == (tool, {**arguments, **shown})


def test_a_page_is_searched_by_its_title_first() -> None:
    request = understand("show page Release process")
    assert request is not None
    assert (request.tool, request.then) == ("confluence_search", "Release process")
    assert request.arguments["title"] == "Release process"


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_understood(example: str) -> None:
    assert understand(example) is not None


@pytest.mark.parametrize("text", ["", "tell me a joke", "delete ENG-12", "show me the weather"])
def test_anything_else_is_not_guessed_at(text: str) -> None:
    assert understand(text) is None


@pytest.mark.parametrize(
    "text", ["find " + "a in " * 4_000, "show page " + " x" * 9_000, "create " * 2_800]
)
def test_a_long_text_is_not_searched_for_a_meaning(text: str) -> None:
    assert understand(text) is None


def test_many_blanks_are_one() -> None:
    request = understand("show page " + " " * 19_000 + "x")
    assert request is not None
    assert request.then == "x"
