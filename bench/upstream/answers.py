"""The bodies of the answers, each made once: one issue, a search, a page, and what peers ask besides."""

from collections.abc import Callable
from typing import Any

import orjson

FOUND_ISSUES = 25

_TEXT = (
    "token refresh audit popup scope tenant page issue sprint release retry header cache worker "
    "pool latency report review"
)
_WORDS = _TEXT.split()
_BASE = "http://127.0.0.1"
_CREATED, _UPDATED = "2026-10-01T09:00:00.000+0000", "2026-11-20T17:30:00.000+0000"
_COMMENTS = 3
_SECTIONS = 10
_COMMENT_WORDS, _FOUND_WORDS, _SECTION_WORDS, _ISSUE_WORDS = 30, 90, 60, 210

Body = Callable[[list[str]], object]
"""How a product stores paragraphs: wiki text on Data Center, ADF on Cloud."""


def _words(count: int, seed: int) -> str:
    return " ".join(_WORDS[(number * 7 + seed) % len(_WORDS)] for number in range(count))


def _paragraphs(words: int, seed: int) -> list[str]:
    return [_words(30, seed + number) for number in range(words // 30)]


def _wiki(paragraphs: list[str]) -> str:
    return "\n\n".join(paragraphs)


def _adf(paragraphs: list[str]) -> dict[str, Any]:
    return _document([_block("paragraph", text) for text in paragraphs])


def _document(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": blocks}


def _block(kind: str, text: str, **attrs: object) -> dict[str, Any]:
    block: dict[str, Any] = {"type": kind, "content": [{"type": "text", "text": text}]}
    return block | ({"attrs": attrs} if attrs else {})


def _person(number: int) -> dict[str, Any]:
    name = f"person{number}"
    return {
        "self": f"{_BASE}/rest/api/2/user?username={name}",
        "accountId": f"account-{number}",
        "key": name,
        "name": name,
        "displayName": f"Person {number}",
        "emailAddress": f"{name}@example.com",
        "active": True,
    }


def _issue(number: int, body: Body, words: int) -> dict[str, Any]:
    return {
        "id": str(10_000 + number),
        "key": f"ENG-{number}",
        "self": f"{_BASE}/rest/api/2/issue/{10_000 + number}",
        "fields": {
            "summary": _words(9, number),
            "description": body(_paragraphs(words, number)),
            "status": {
                "id": "3",
                "name": "In Progress",
                "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"},
            },
            "issuetype": {"id": "10001", "name": "Story", "subtask": False},
            "priority": {"id": "3", "name": "Medium"},
            "project": {"id": "1", "key": "ENG", "name": "Engineering"},
            "assignee": _person(1),
            "reporter": _person(2),
            "labels": ["backend", "oauth"],
            "components": [],
            "fixVersions": [],
            "created": _CREATED,
            "updated": _UPDATED,
        },
    }


def _comments(body: Body) -> dict[str, Any]:
    comments = [
        {
            "id": str(number),
            "author": _person(number),
            "body": body(_paragraphs(_COMMENT_WORDS, number)),
            "created": _CREATED,
            "updated": _CREATED,
        }
        for number in range(_COMMENTS)
    ]
    return {"startAt": 0, "maxResults": _COMMENTS, "total": _COMMENTS, "comments": comments}


def _full_issue(body: Body) -> bytes:
    issue = _issue(1, body, _ISSUE_WORDS)
    issue["fields"]["comment"] = _comments(body)
    return orjson.dumps(issue)


def _found(body: Body, **paging: object) -> bytes:
    issues = [_issue(number, body, _FOUND_WORDS) for number in range(1, FOUND_ISSUES + 1)]
    return orjson.dumps({**paging, "issues": issues})


def _sections() -> list[tuple[str, str]]:
    return [(_words(4, number), _words(_SECTION_WORDS, number)) for number in range(_SECTIONS)]


def _data_center_page() -> bytes:
    storage = "".join(f"<h2>{heading}</h2><p>{text}</p>" for heading, text in _sections())
    page = {
        "id": "123",
        "type": "page",
        "status": "current",
        "title": _words(5, 0),
        "space": {"id": 1, "key": "DOCS", "name": "Docs"},
        "version": {"number": 7, "when": _UPDATED, "by": _person(1)},
        "history": {"createdDate": _CREATED, "createdBy": _person(2)},
        "ancestors": [],
        "children": {"attachment": {"results": [], "size": 0}},
        "metadata": {"labels": {"results": []}},
        "body": {"storage": {"representation": "storage", "value": storage}},
        "_links": {"webui": "/display/DOCS/page", "base": _BASE},
    }
    return orjson.dumps(page)


def _cloud_page() -> bytes:
    blocks = []
    for heading, text in _sections():
        blocks += [_block("heading", heading, level=2), _block("paragraph", text)]
    value = orjson.dumps(_document(blocks)).decode()
    page = {
        "id": "123",
        "status": "current",
        "title": _words(5, 0),
        "spaceId": "1",
        "parentId": None,
        "authorId": "account-2",
        "createdAt": _CREATED,
        "version": {"number": 7, "createdAt": _UPDATED, "authorId": "account-1"},
        "body": {"atlas_doc_format": {"representation": "atlas_doc_format", "value": value}},
        "_links": {"webui": "/spaces/DOCS/pages/123/page"},
    }
    return orjson.dumps(page)


def _fields() -> bytes:
    names = ("summary", "status", "description", "assignee", "labels", "priority", "issuetype")
    return orjson.dumps(
        [
            {"id": name, "name": name.title(), "custom": False, "schema": {"type": "string"}}
            for name in names
        ]
    )


_WHOLE = {"startAt": 0, "maxResults": FOUND_ISSUES, "total": FOUND_ISSUES}

ISSUE, CLOUD_ISSUE = _full_issue(_wiki), _full_issue(_adf)
SEARCH, CLOUD_SEARCH = _found(_wiki, **_WHOLE), _found(_adf, isLast=True, nextPageToken=None)
PAGE, CLOUD_PAGE = _data_center_page(), _cloud_page()

DATA_CENTER: tuple[tuple[str, bytes], ...] = (
    (r"/rest/api/2/issue/[^/]+", ISSUE),
    (r"/rest/api/2/search", SEARCH),
    (r"/rest/api/content/[0-9]+", PAGE),
    # What mcp-atlassian asks besides.
    (r"/rest/api/2/issue/[^/]+/comment", orjson.dumps(_comments(_wiki))),
    (r"/rest/api/2/field", _fields()),
    (r"/rest/api/2/myself|/rest/api/user/current", orjson.dumps(_person(1))),
    (r"/rest/api/content/[0-9]+/property", orjson.dumps({"results": [], "size": 0})),
    (r"/rest/api/2/serverInfo", orjson.dumps({"version": "9.12.0", "deploymentType": "Server"})),
)
"""Pattern of a whole path, and what it answers."""

CLOUD: tuple[tuple[str, bytes], ...] = (
    (r"/ex/jira/[^/]+/rest/api/3/issue/[^/]+", CLOUD_ISSUE),
    (r"/ex/jira/[^/]+/rest/api/3/search/jql", CLOUD_SEARCH),
    (r"/ex/confluence/[^/]+/wiki/api/v2/pages/[0-9]+", CLOUD_PAGE),
)
"""The same for the gateway of Cloud."""
