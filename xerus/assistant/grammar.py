"""The fixed requests that the demo model understands: patterns, and the tool that each asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXAMPLES = (
    "find open bugs in ENG",
    "show ENG-12",
    "create a task in ENG: Try out Xerus",
    "comment on ENG-12: Looks good to me",
    "move ENG-15 to In Progress",
    "show page Release process",
    "find pages about release",
    "create a page in DOCS: Notes from the demo",
    "am I connected?",
)

_KEY = r"(?P<key>[A-Za-z][A-Za-z0-9_]+-\d+)"
_PROJECT = r"(?:the\s+)?(?:project\s+)?(?P<project>[A-Za-z][A-Za-z0-9_]+)(?:\s+project)?"
_SPACE = r"(?:the\s+)?(?:space\s+)?(?P<space>~?[A-Za-z0-9._-]+)(?:\s+space)?"
_FIND = r"(?:find|search(?:\s+for)?|list|show|get|give)(?:\s+me)?(?:\s+(?:all|the))*"
_SEE = r"(?:show|open|read|get|view)(?:\s+me)?"
_NEW = r"(?:create|add|make|write|new)(?:\s+(?:an?|the|new))*"
_LONGEST = 2_000
_SHOWN = 10
_TYPES = {"bug": "Bug", "story": "Story", "task": "Task", "epic": "Epic"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was understood.

    Attributes:
        tool: the tool to call.
        then: the page title to open from the hits, for a request that needs a search first.
    """

    tool: str
    arguments: dict[str, Any]
    then: str = ""


def understand(text: str) -> Request | None:
    """Return what a text asks for, None where it is none of the fixed requests."""
    first, _, rest = text.strip().partition("\n")
    head = " ".join(first.split())
    if len(head) > _LONGEST:
        return None
    for pattern, build in _RULES:
        found = pattern.fullmatch(head)
        if found:
            given = {name: value.strip() for name, value in found.groupdict().items() if value}
            return build(given | {"rest": rest.strip()})
    return None


def _find_issues(given: dict[str, str]) -> Request:
    arguments: dict[str, Any] = {}
    if "project" in given:
        arguments["project_key"] = given["project"].upper()
    kind = given.get("kind", "issue").lower()
    for singular, issue_type in _TYPES.items():
        if kind.startswith((singular, singular.removesuffix("y") + "ies")):
            arguments["issue_type"] = issue_type
    if "open" in given:
        arguments["open_only"] = True
    if given.keys() & {"mine", "assigned"}:
        arguments["assignee"] = "me"
    if "text" in given:
        arguments["text"] = _unquoted(given["text"])
    arguments["limit"] = _SHOWN
    return Request(tool="jira_search", arguments=arguments)


def _find_words(given: dict[str, str]) -> Request:
    arguments = {
        "text": _unquoted(given["text"]),
        "project_key": given["project"].upper(),
        "limit": _SHOWN,
    }
    return Request(tool="jira_search", arguments=arguments)


def _show_issue(given: dict[str, str]) -> Request:
    return Request(tool="jira_get_issue", arguments={"issue_key": given["key"].upper()})


def _create_issue(given: dict[str, str]) -> Request:
    arguments = {
        "project_key": given["project"].upper(),
        "issue_type": _TYPES.get(given["kind"].lower(), "Task"),
        "summary": given["text"],
    }
    if given["rest"]:
        arguments["description"] = given["rest"]
    return Request(tool="jira_create_issue", arguments=arguments)


def _comment(given: dict[str, str]) -> Request:
    body = "\n".join(filter(None, (given["text"], given["rest"])))
    return Request(
        tool="jira_add_comment", arguments={"issue_key": given["key"].upper(), "body": body}
    )


def _move(given: dict[str, str]) -> Request:
    arguments = {"issue_key": given["key"].upper(), "transition": _unquoted(given["text"])}
    return Request(tool="jira_transition_issue", arguments=arguments)


def _show_page(given: dict[str, str]) -> Request:
    title = _unquoted(given["text"])
    arguments: dict[str, Any] = {"title": title, "type": "page", "limit": _SHOWN, "format": "json"}
    if "space" in given:
        arguments["space_key"] = given["space"].upper()
    return Request(tool="confluence_search", arguments=arguments, then=title)


def _find_pages(given: dict[str, str]) -> Request:
    arguments = {"query": _unquoted(given["text"]), "type": "page"}
    if "space" in given:
        arguments["space_key"] = given["space"].upper()
    return Request(tool="confluence_search", arguments=arguments)


def _create_page(given: dict[str, str]) -> Request:
    arguments = {
        "space_key": given["space"].upper(),
        "title": given["text"],
        "content": given["rest"] or "This page was made with the demo model of Xerus.",
    }
    return Request(tool="confluence_create_page", arguments=arguments)


def _connected(_: dict[str, str]) -> Request:
    return Request(tool="connection_status", arguments={})


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'“”„").strip()


def _rule(pattern: str, *, literal: bool = False) -> re.Pattern[str]:
    """Compile a pattern; `literal`: it ends in words to write down, with their punctuation."""
    end = "" if literal else r"\s*[.?!]*"
    return re.compile(rf"(?:please\s+)?{pattern}{end}", re.IGNORECASE)


_KINDS = r"(?P<kind>issues?|bugs?|tasks?|stor(?:y|ies)|epics?|tickets?)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[dict[str, str]], Request]], ...] = (
    (
        _rule(r"(?:am\s+i|are\s+we)\s+connected.*|(?:connection|status|connection\s+status)"),
        _connected,
    ),
    (
        _rule(rf"(?:{_SEE}\s+)?(?:(?:the\s+)?(?:issue|ticket|bug|task|story)\s+)?{_KEY}"),
        _show_issue,
    ),
    (
        _rule(
            rf"{_NEW}\s+(?P<kind>bug|task|story|epic|issue|ticket)\s+in\s+{_PROJECT}"
            r"\s*[:,-]\s*(?P<text>.+)",
            literal=True,
        ),
        _create_issue,
    ),
    (
        _rule(
            rf"(?:add\s+(?:a\s+)?)?comment\s+(?:on|to)\s+{_KEY}\s*[:,]\s*(?P<text>.+)",
            literal=True,
        ),
        _comment,
    ),
    (_rule(rf"(?:move|transition|set)\s+{_KEY}\s+(?:in)?to\s+(?P<text>.+?)"), _move),
    (
        _rule(rf"{_NEW}\s+page\s+in\s+{_SPACE}\s*[:,]\s*(?P<text>.+)", literal=True),
        _create_page,
    ),
    (
        _rule(
            rf"{_FIND}\s+pages?\s+(?:about|on|with|for|containing)\s+(?P<text>.+?)"
            rf"(?:\s+in\s+{_SPACE})?"
        ),
        _find_pages,
    ),
    (
        _rule(
            rf"{_SEE}\s+(?:the\s+)?page\s+(?:called\s+)?(?P<text>.+?)"
            rf"(?:\s+in\s+(?:the\s+)?space\s+(?P<space>~?[A-Za-z0-9._-]+))?"
        ),
        _show_page,
    ),
    (
        _rule(
            rf"(?:{_FIND}\s+)?(?:(?P<mine>my)\s+)?(?:(?P<open>open|unresolved)\s+)?{_KINDS}"
            rf"(?:\s+(?P<assigned>assigned\s+to\s+me))?"
            rf"(?:\s+(?:about|with|containing|for)\s+(?P<text>.+?))?(?:\s+in\s+{_PROJECT})?"
        ),
        _find_issues,
    ),
    (_rule(rf"{_FIND}\s+(?P<text>.+?)\s+in\s+{_PROJECT}"), _find_words),
)
