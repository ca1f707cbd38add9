"""Which requests to Confluence stay inside some spaces."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from xerus.atlassian.errors import AtlassianRefused
from xerus.tools.boundary.queries import held
from xerus.tools.boundary.transport import Ask, Look, OutsideBoundary

_V2 = "/wiki/api/v2"
_PREFIX = re.compile(r"^(?:/wiki/api/v2|/wiki/rest/api|/rest/api|/rest/experimental|/download)")
_SPACE_IN_PATH = re.compile(r"^(?:/wiki)?/(?:spaces|display)/([^/?]+)")
_WITHOUT_CONTENT = frozenset(
    {
        "/user",
        "/user/current",
        "/users-bulk",
        "/search/user",
        "/settings/systemInfo",
        "/server-information",
    }
)
_SEARCHES = frozenset({"/search", "/content/search"})
_LISTS = frozenset({"/content", "/pages", "/blogposts", "/space", "/spaces"})
"""What is outside is taken out of the answer."""
_TEMPLATES = "/template/page"
"""Without a space it lists what belongs to none: the templates of the whole site."""
_TASKS = "/tasks"
_SITE = "*"
"""Stands for the space of what belongs to the whole site; no key of a space looks like it."""
_PARTS = {
    "attachment": "/attachments/{id}",
    "comment": "/footer-comments/{comment-id}",
    "inline comment": "/inline-comments/{comment-id}",
    "task": "/tasks/{id}",
}
_WHOLES = {"pageId": "page", "blogPostId": "blogpost"}
_CONTENT = {"page": "/pages/{id}", "blogpost": "/blogposts/{id}"}
_KINDS = {
    "attachments": "attachment",
    "blogposts": "blogpost",
    "content": "content",
    "footer-comments": "comment",
    "inline-comments": "inline comment",
    "pages": "page",
    "spaces": "space_id",
    "tasks": "task",
    "template": "template",
}
_IN_QUERY = {
    "spaceKey": "space",
    "keys": "space",
    "space-id": "space_id",
    "page-id": "page",
    "blogpost-id": "blogpost",
}
_IN_BODY = {
    "spaceId": "space_id",
    "pageId": "page",
    "blogPostId": "blogpost",
    "parentId": "parent",
    "parentCommentId": "comment",
}


class ConfluenceBoundary:
    """Holds Confluence to spaces, by their keys."""

    def __init__(self, spaces: frozenset[str]) -> None:
        self._spaces = frozenset(space.casefold() for space in spaces)
        self._names = spaces

    async def admit(self, ask: Ask, look: Look) -> Ask:
        """Return the request, its CQL held to the spaces."""
        short = _PREFIX.sub("", ask.template)
        free = _WITHOUT_CONTENT | _SEARCHES | _LISTS | {_TEMPLATES}
        known = ask.method == "GET" and short in free
        if short == _TASKS and not ask.query.keys() & {"space-id", "page-id", "blogpost-id"}:
            ask = await self._in_spaces(ask, look)
        async for where in _places(ask, look):
            if where != _SITE:
                self._check(where)
            known = True
        if not known and not _answer_tells(ask):
            raise OutsideBoundary(
                "This cannot be limited to the Confluence spaces that the operator chose.",
                hint="It stays off while XERUS_CONFLUENCE_SPACES is set. Nothing was changed.",
            )
        return self._held(_with_space(ask))

    def shown(self, ask: Ask, answer: Any) -> Any:
        """Return the answer without spaces and content from outside."""
        short = _PREFIX.sub("", ask.template)
        if not isinstance(answer, dict):
            return answer
        if _answer_tells(ask):
            self._check(_space_of(answer))
        if short in _LISTS and isinstance(answer.get("results"), list):
            return answer | {"results": [one for one in answer["results"] if self._has(one)]}
        if short in _SEARCHES | {_TEMPLATES}:
            inside = [one for one in answer["results"] if self._may_have(one)]
            return answer | {"results": inside}
        return answer

    def _held(self, ask: Ask) -> Ask:
        if _PREFIX.sub("", ask.template) not in _SEARCHES:
            return ask
        cql = held(ask.query.get("cql", ""), "space", self._names)
        return replace(ask, query={**ask.query, "cql": cql})

    async def _in_spaces(self, ask: Ask, look: Look) -> Ask:
        """Hold a list that takes the ids of spaces to those of the filter."""
        asked = {"keys": ",".join(sorted(self._names)), "limit": "250"}
        found = (await look(_V2 + "/spaces", {}, asked)).get("results") or ()
        inside = [str(one["id"]) for one in found if self._has(one)]
        if not inside:
            self._check("")
        return replace(ask, query={**ask.query, "space-id": ",".join(inside)})

    def _check(self, space: str) -> None:
        if space.casefold() not in self._spaces:
            raise OutsideBoundary(
                "That is outside the Confluence spaces that the operator of this server chose.",
                hint=f"They are: {', '.join(sorted(self._names))}. Nothing was changed.",
            )

    def _has(self, entry: dict[str, Any]) -> bool:
        return _space_of(entry).casefold() in self._spaces

    def _may_have(self, entry: dict[str, Any]) -> bool:
        """Whether a hit is inside; the query held it, this is for what the answer says besides."""
        space = _space_of(entry.get("content") or {}) or _space_of(entry)
        return not space or space.casefold() in self._spaces


def _answer_tells(ask: Ask) -> bool:
    """Whether the answer itself names its space, so that no look before is needed."""
    return ask.method == "GET" and ask.template.endswith(
        (
            "/pages/{id}",
            "/folders/{id}",
            "/blogposts/{id}",
            "/spaces/{id}",
            "/rest/api/content/{id}",
        )
    )


def _with_space(ask: Ask) -> Ask:
    """On Data Center content names its space only when asked to."""
    if ask.method != "GET" or not ask.template.startswith("/rest/api/content"):
        return ask
    expanded = ask.query.get("expand", "").split(",")
    if "space" in expanded:
        return ask
    return replace(ask, query={**ask.query, "expand": ",".join(filter(None, [*expanded, "space"]))})


def _space_of(entry: dict[str, Any]) -> str:
    """Return the key of the space that Confluence says an entry is in, '' where it does not."""
    space = entry.get("space")
    if isinstance(space, dict) and space.get("key"):
        return str(space["key"])
    if entry.get("key") and "id" in entry:
        return str(entry["key"])
    container = entry.get("resultGlobalContainer") or {}
    links = entry.get("_links") or {}
    for path in (links.get("webui"), container.get("displayUrl"), entry.get("url")):
        if found := _SPACE_IN_PATH.match(str(path or "")):
            return unquote(found[1])
    return ""


async def _places(ask: Ask, look: Look) -> AsyncIterator[str]:
    """Yield the space of each thing that path, query and body name."""
    if not _answer_tells(ask):
        for kind, value in _anchors(ask):
            yield await _space(kind, value, ask, look)
    for name, kind in _IN_QUERY.items():
        if name in ask.query:
            for value in ask.query[name].split(","):
                yield await _space(kind, value, ask, look)
    for kind, value in _references(ask.json, _segments(ask)[0]):
        yield await _space(kind, value, ask, look)


def _anchors(ask: Ask) -> Iterator[tuple[str, str]]:
    """Yield what the path names; of a part of something, such as a version, only the whole."""
    segments = _segments(ask)
    of = segments[0]
    for name, value in ask.path.items():
        first = segments.index(f"{{{name}}}") == 1
        if name == "spaceKey":
            yield "space", value
        elif name in {"targetId", "pageId", "contentId"}:
            yield "page", value
        elif first and of in _KINDS:
            yield _KINDS[of], value


def _segments(ask: Ask) -> list[str]:
    return _PREFIX.sub("", ask.template).strip("/").split("/")


def _references(value: Any, of: str) -> Iterator[tuple[str, str]]:
    """Yield what a body names."""
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        if name in _IN_BODY and part:
            kind = _IN_BODY[name]
            inline = kind == "comment" and of == "inline-comments"
            yield "inline comment" if inline else kind, str(part)
        elif name == "space" and isinstance(part, dict):
            yield ("space", str(part["key"])) if part.get("key") else ("unknown", "")
        elif name == "container" and isinstance(part, dict):
            yield "page", str(part.get("id", ""))
        elif name == "destination" and isinstance(part, dict):
            yield "space" if part.get("type") == "space" else "page", str(part.get("value", ""))
        elif name == "ancestors" and isinstance(part, list):
            yield from (("page", str(one.get("id", ""))) for one in part)


async def _space(kind: str, value: str, ask: Ask, look: Look) -> str:
    """Return the key of the space that something is in; '' where nobody can tell."""
    if kind in {"space", "unknown"}:
        return value
    if not ask.is_cloud:
        asked = {"expand": "space"}
        return _space_of(await _even_trashed("/rest/api/content/{id}", value, look, asked))
    match kind:
        case "template":
            return await _of_template(value, look)
        case "parent":
            return await _first(_V2 + "/folders/{id}", value, look)
        case "content":
            return await _first(_V2 + _CONTENT["blogpost"], value, look)
        case _:
            return await _of_cloud(kind, value, look)


async def _of_cloud(kind: str, value: str, look: Look) -> str:
    if kind in _PARTS:
        template = _PARTS[kind]
        parameter = template.rpartition("{")[2].removesuffix("}")
        part = await look(_V2 + template, {parameter: value}, {})
        for name, of in _WHOLES.items():
            if part.get(name):
                return await _of_cloud(of, str(part[name]), look)
        return ""
    if kind == "space_id":
        return _space_of(await look(_V2 + "/spaces/{id}", {"id": value}, {}))
    found = await _even_trashed(_V2 + _CONTENT[kind], value, look, {})
    if (where := _space_of(found)) or not found.get("spaceId"):
        return where
    return await _of_cloud("space_id", str(found["spaceId"]), look)


async def _first(other: str, value: str, look: Look) -> str:
    """Return the space of a page, or else that of what `other` has of this id."""
    try:
        return await _of_cloud("page", value, look)
    except AtlassianRefused as no_page:
        try:
            return _space_of(await _even_trashed(other, value, look, {}))
        except AtlassianRefused:
            raise no_page from None


async def _of_template(value: str, look: Look) -> str:
    """Return a template's space; one that names none has to be among those of the site."""
    found = await look(
        "/wiki/rest/api/template/{contentTemplateId}", {"contentTemplateId": value}, {}
    )
    if where := _space_of(found):
        return where
    of_site = await look("/wiki/rest/api/template/page", {}, {"limit": "200"})
    ids = {str(one.get("templateId")) for one in of_site.get("results") or ()}
    return _SITE if value in ids else ""


async def _even_trashed(template: str, value: str, look: Look, asked: dict[str, str]) -> Any:
    try:
        return await look(template, {"id": value}, asked)
    except AtlassianRefused:
        return await look(template, {"id": value}, {**asked, "status": "trashed"})
