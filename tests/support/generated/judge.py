"""What must hold of every call, whatever its arguments."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from tests.support.generated.upstream import ORIGIN, InProcessEgress, Sent
from tests.support.generated.values import CANARY
from xerus.settings.toolsets import Toolset
from xerus.tools.declaration import Tool
from xerus.tools.results import ToolResult
from xerus_sandbox.products.query.grammar import (
    Both,
    Clause,
    Either,
    Node,
    QuerySyntaxError,
    parse,
)
from xerus_sandbox.products.world import World

_PARAMETER = re.compile(r"\\\{[^}]+\\\}")
_BASE = re.compile(r"^/(?:site/acme|dc/jira|dc/confluence)")
_SETTLING = ("/serverInfo", "/_edge/tenant_info")
_MEDIA_HOST = "GET /media/file/"
_OF_PEOPLE = "/search/user"
"""A query of people, who are in no space."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = re.compile(r"[/\\]")
_DECODINGS = 3
_RAW = {("jira_search", "jql"), ("confluence_search", "query")}
"""Arguments that are queries themselves: the caller's own words, held only by the filters."""
LOOKS = (
    "GET /rest/api/2/issue/{}", "GET /rest/api/3/issue/{}", "GET /rest/api/2/project/{}",
    "GET /rest/api/3/project/{}", "GET /rest/api/2/issueLink/{}", "GET /rest/api/3/issueLink/{}",
    "GET /rest/api/2/version/{}", "GET /rest/api/3/version/{}", "GET /rest/agile/1.0/board/{}",
    "GET /rest/agile/1.0/sprint/{}", "GET /rest/servicedeskapi/servicedesk/{}",
    "GET /rest/api/content/{}", "GET /wiki/api/v2/pages/{}", "GET /wiki/api/v2/blogposts/{}",
    "GET /wiki/api/v2/spaces/{}", "GET /wiki/api/v2/attachments/{}",
    "GET /wiki/api/v2/footer-comments/{}", "GET /wiki/api/v2/inline-comments/{}",
    "GET /wiki/api/v2/spaces", "GET /wiki/api/v2/folders/{}", "GET /wiki/api/v2/tasks/{}",
    "GET /wiki/rest/api/template/{}", "GET /wiki/rest/api/template/page",
)  # fmt: skip
"""Where the operator's filters look to learn what something belongs to."""


def problems(
    tools: Iterable[Tool],
    arguments: dict[str, Any],
    result: ToolResult,
    egress: InProcessEgress,
    *,
    is_cloud: bool,
    is_held: bool,
) -> Iterator[str]:
    """Yield what is wrong with one call of `tools` (several where one runs others)."""
    called = list(tools)
    if "Something went wrong inside Xerus" in result.text:
        yield "internal error"
    yield from _unsayable(result)
    yield from (f"tried another origin: {url[:200]}" for url in egress.refused)
    allowed = _patterns(called, is_cloud=is_cloud, is_held=is_held)
    raw = any((tool.name, name) in _RAW for tool in called for name in _names(arguments))
    for sent in egress.sent:
        yield from _request_problems(sent, allowed)
        holds = is_held and not sent.path.endswith(_OF_PEOPLE)
        for query in _queries(sent):
            yield from _query_problems(query, raw=raw, is_held=holds)


def _names(arguments: Any) -> Iterator[str]:
    if isinstance(arguments, dict):
        for name, value in arguments.items():
            yield str(name)
            yield from _names(value)
    elif isinstance(arguments, list):
        for one in arguments:
            yield from _names(one)


def _unsayable(result: ToolResult) -> Iterator[str]:
    try:
        result.text.encode()
        if result.structured is not None:
            orjson.dumps(result.structured)
    except (UnicodeEncodeError, TypeError) as error:
        yield f"the answer cannot be sent: {error}"


def _patterns(tools: list[Tool], *, is_cloud: bool, is_held: bool) -> list[re.Pattern[str]]:
    lines = {line for tool in tools for line in (tool.endpoints if is_cloud else tool.data_center)}
    patterns = [_PARAMETER.sub("[^/]+", re.escape(line)) for line in lines]
    if any(tool.toolset is Toolset.FILES or tool.name == "batch" for tool in tools):
        patterns.append(re.escape(_MEDIA_HOST) + "[^/]+/[^/]+/[^/]+")
    if is_held:
        patterns += [re.escape(line).replace(r"\{\}", "[^/]+") for line in LOOKS]
    return [re.compile(pattern) for pattern in patterns]


def _request_problems(sent: Sent, allowed: list[re.Pattern[str]]) -> Iterator[str]:
    line = f"{sent.method} {_BASE.sub('', sent.path)}"
    if str(sent.url.origin()) != ORIGIN or sent.url.user or sent.url.fragment:
        yield f"left the origin: {sent.url!s:.200}"
    if sent.status >= 500:
        yield f"{sent.status} for {line[:200]} {sent.url.raw_query_string[:300]} {sent.body[:300]!r}"
    if line.endswith(_SETTLING):
        return
    if not any(pattern.fullmatch(line) for pattern in allowed):
        yield f"not declared: {line[:200]}"
    for segment in sent.path.split("/")[1:]:
        if problem := _segment_problem(segment):
            yield f"{problem} in {line[:200]}"


def _segment_problem(segment: str) -> str:
    """Say what a server might make of a segment that it or a proxy decodes more than once."""
    if not segment:
        return "empty segment"
    for _ in range(_DECODINGS):
        segment = unquote(segment)
        if _CONTROL.search(segment):
            return "control character"
        if any(part.partition(";")[0] in {".", ".."} for part in _SEPARATOR.split(segment)):
            return "dot segment"
    return ""


def _queries(sent: Sent) -> Iterator[str]:
    for name, value in parse_qsl(sent.url.raw_query_string, keep_blank_values=True):
        if name in {"jql", "cql"}:
            yield value
    if b'"jql"' in sent.body:
        found = orjson.loads(sent.body).get("jql")
        if isinstance(found, str):
            yield found


def _query_problems(query: str, *, raw: bool, is_held: bool) -> Iterator[str]:
    try:
        parsed = parse(query)
    except QuerySyntaxError as error:
        if not raw:
            yield f"query does not parse ({error}): {query[:300]}"
        elif is_held:
            yield from _unparsed_but_held(query)
        return
    if is_held and not _is_held(parsed.where):
        yield f"query is not held: {query[:300]}"
    if raw:
        return
    fields = {clause.field for clause in parsed.clauses()} | {one.field for one in parsed.order}
    bare = {v.text for c in parsed.clauses() for v in c.values if not v.quoted}
    if any(CANARY in name for name in fields | bare):
        yield f"value became a part of the query: {query[:300]}"
    for clause in parsed.clauses():
        if clause.field in {"project", "space"} and len(clause.values) > 1 and not is_held:
            yield f"several projects or spaces: {query[:300]}"


def _unparsed_but_held(query: str) -> Iterator[str]:
    if not query.startswith(('project in ("ENG")', 'space in ("DOCS")')):
        yield f"query is not held: {query[:300]}"


def _is_held(where: Node | None) -> bool:
    """Whether the filter stands in front, joined with AND to all the rest."""
    first = where.parts[0] if isinstance(where, Both) else where
    if not isinstance(first, Clause) or isinstance(where, Either):
        return False
    return (first.field, first.operator, [v.text for v in first.values]) in (
        ("project", "in", ["ENG"]),
        ("space", "in", ["DOCS"]),
    )


class Outside:
    """What lies outside of the filters on ENG and DOCS: it may neither be told nor change."""

    def __init__(self, world: World, *, is_cloud: bool) -> None:
        self._world = world
        self._jira = world.jira["acme" if is_cloud else "dc-jira"]
        self._confluence = world.confluence["acme" if is_cloud else "dc-confluence"]
        inside = {i.summary for i in self._jira.issues.values() if i.project == "ENG"}
        texts = {i.summary for i in self._jira.issues.values() if i.project == "HR"} - inside
        docs = {p.title for p in self._confluence.pages.values() if self._key(p.space) == "DOCS"}
        titles = {p.title for p in self._confluence.pages.values() if self._key(p.space) == "HR"}
        self.secrets = frozenset(text for text in texts | (titles - docs) if len(text) > 8)
        self._said: set[str] = set()
        self._before = self._state()

    def told(self, arguments: dict[str, Any], result: ToolResult) -> Iterator[str]:
        """Yield what of the outside an answer tells beyond what calls said, this or former ones."""
        said = repr(arguments)
        self._said |= {secret for secret in self.secrets if secret in said}
        text = result.text
        if result.structured is not None:
            text += orjson.dumps(result.structured).decode()
        for secret in self.secrets - self._said:
            if secret in text:
                yield f"tells of the outside: {secret}"

    def changed(self) -> list[str]:
        """Return the keys and ids of what is no longer as it was."""
        now = self._state()
        names = now.keys() | self._before.keys()
        return sorted(name for name in names if now.get(name) != self._before.get(name))

    def _key(self, space: str) -> str:
        found = self._confluence.spaces.get(space)
        return found.key if found else ""

    def _state(self) -> dict[str, bytes]:
        issues = {
            i.key: orjson.dumps(_without_links(i.to_json()))
            for i in self._jira.issues.values()
            if i.project != "ENG"
        }
        pages = {
            p.id: orjson.dumps(p.to_json(), default=vars)
            for p in self._confluence.pages.values()
            if self._key(p.space) != "DOCS"
        }
        return issues | pages


def _without_links(issue: dict[str, Any]) -> dict[str, Any]:
    """A link belongs to both sides; that of an issue inside may go with the issue."""
    return {name: value for name, value in issue.items() if name != "links"}
