"""Searching: enhanced search on Cloud, offset pages on Data Center, counting, parsing."""

import base64
import binascii
from typing import Any

import orjson

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products.jira import access
from xerus_sandbox.products.jira.fields import chosen, issue_bean
from xerus_sandbox.products.jira.jql import JqlError, Search, parse
from xerus_sandbox.products.model import Issue, Json
from xerus_sandbox.products.query.grammar import Both, Clause, Either, Negation, Node, Query, Value
from xerus_sandbox.products.world import World

_UNBOUNDED = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
)
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
    " A full migration guideline is available at"
    " https://developer.atlassian.com/changelog/#CHANGE-2046"
)
_TOKEN_SECONDS = 7 * 86400
_MOST_IDS = 5000
_MOST_WITH_FIELDS = 100
_MOST_RECONCILED = 50
_MOST_DATA_CENTER = 1000


def enhanced_get(world: World, call: Call) -> Answer:
    """GET /search/jql."""
    given: Json = {
        "jql": call.query.get("jql", ""),
        "fields": call.query.getlist("fields"),
        "expand": call.query.get("expand", ""),
        "nextPageToken": call.query.get("nextPageToken"),
        "maxResults": access.number(call, "maxResults", 50, most=_MOST_IDS),
        "reconcileIssues": [
            part for text in call.query.getlist("reconcileIssues") for part in text.split(",")
        ],
    }
    return _enhanced(world, call, given)


def enhanced_post(world: World, call: Call) -> Answer:
    """POST /search/jql."""
    return _enhanced(world, call, _object(call))


def removed(_world: World, _call: Call) -> Answer:
    """Answer for the old search of Cloud: 410."""
    return Answer(status=410, body={"errorMessages": [_REMOVED], "errors": {}})


def approximate_count(world: World, call: Call) -> Answer:
    """Count the matches; the query must be bounded here as well."""
    query = _bounded(str(_object(call).get("jql") or ""))
    found = Search(world=world, data=world.jira_of(call), call=call).run(query)
    return Answer(body={"count": len(found)})


def parse_queries(world: World, call: Call) -> Answer:
    """POST /jql/parse: the structure of each query, or what is wrong with it."""
    queries = _object(call).get("queries")
    if not isinstance(queries, list) or not queries:
        raise access.error(400, "At least one query must be provided.")
    search = Search(world=world, data=world.jira_of(call), call=call)
    strict = call.query.get("validation", "strict") != "none"
    return Answer(body={"queries": [_parsed(search, str(q), strict=strict) for q in queries]})


def offset_get(world: World, call: Call) -> Answer:
    """GET /rest/api/2/search of Data Center."""
    given: Json = {
        "jql": call.query.get("jql", ""),
        "startAt": access.number(call, "startAt", 0, most=10**9),
        "maxResults": access.number(call, "maxResults", 50),
        "fields": call.query.getlist("fields"),
        "expand": call.query.get("expand", ""),
    }
    return _offset(world, call, given)


def offset_post(world: World, call: Call) -> Answer:
    """POST /rest/api/2/search of Data Center."""
    return _offset(world, call, _object(call))


def _object(call: Call) -> Json:
    body = call.json()
    if not isinstance(body, dict):
        raise access.error(400, "Unexpected JSON: the body must be an object.")
    return body


def _bounded(jql: str) -> Query:
    query = parse(jql)
    if query.where is None:
        raise JqlError(_UNBOUNDED)
    return query


def _enhanced(world: World, call: Call, given: Json) -> Answer:
    jql = str(given.get("jql") or "")
    query = _bounded(jql)
    reconcile = [str(item) for item in given.get("reconcileIssues") or ()]
    if len(reconcile) > _MOST_RECONCILED:
        raise access.error(400, "The number of issues to reconcile must not exceed 50.")
    found = Search(world=world, data=world.jira_of(call), call=call).run(
        query, frozenset(reconcile)
    )
    start = _start(given.get("nextPageToken"), jql, call.now)
    names = chosen(_names(given.get("fields")), default="id")
    bare = not names and not _wants_key(given)
    size = min(_count(given, "maxResults", 50), _MOST_IDS if bare else _MOST_WITH_FIELDS) or 50
    shown = found[start : start + size]
    expand = _expand(given)
    items = [{"id": i.id} if bare else issue_bean(world, call, i, names, expand) for i in shown]
    last = start + size >= len(found)
    body: Json = {"issues": items, "isLast": last}
    if not last:
        body["nextPageToken"] = _token(start + size, jql, call.now)
    return Answer(body=body)


def _offset(world: World, call: Call, given: Json) -> Answer:
    start = _count(given, "startAt", 0)
    size = min(_count(given, "maxResults", 50), _MOST_DATA_CENTER)
    search = Search(world=world, data=world.jira_of(call), call=call)
    found = search.run(parse(str(given.get("jql") or "")))
    names = chosen(_names(given.get("fields")), default="*navigable")
    expand = _expand(given)
    items: list[Any] = [
        issue_bean(world, call, issue, names, expand) for issue in _page(found, start, size)
    ]
    body = {"startAt": start, "maxResults": size, "total": len(found), "issues": items}
    return Answer(body={"expand": "schema,names", **body})


def _page(found: list[Issue], start: int, size: int) -> list[Issue]:
    return found[start : start + size]


def _names(given: Any) -> list[str]:
    if given is None:
        return []
    return [str(name) for name in given] if isinstance(given, list) else [str(given)]


def _wants_key(given: Json) -> bool:
    names = {part.strip() for name in _names(given.get("fields")) for part in name.split(",")}
    return bool(names - {"id", ""})


def _expand(given: Json) -> frozenset[str]:
    value = given.get("expand") or ""
    parts = value if isinstance(value, list) else str(value).split(",")
    return frozenset(str(part).strip() for part in parts)


def _count(given: Json, name: str, default: int) -> int:
    value = given.get(name, default)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise access.error(400, f"The value of '{name}' must be a number of 0 or more.")
    return value


def _token(start: int, jql: str, now: float) -> str:
    raw = orjson.dumps([start, binascii.crc32(jql.encode()), int(now) + _TOKEN_SECONDS])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _start(token: Any, jql: str, now: float) -> int:
    """Return the offset in a page token; a token belongs to one query and lives 7 days."""
    if not token:
        return 0
    text = str(token)
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        start, checksum, expires = orjson.loads(raw)
        valid = checksum == binascii.crc32(jql.encode()) and now < expires
    except (ValueError, TypeError) as problem:
        raise access.error(
            400, "Invalid request payload. Refer to the REST API documentation and try again."
        ) from problem
    if not valid:
        raise access.error(400, "The provided next page token is invalid or expired.")
    return int(start)


def _parsed(search: Search, jql: str, *, strict: bool) -> Json:
    try:
        query = parse(jql)
        if strict:
            search.check(query)
    except ApiError as problem:
        return {"query": jql, "errors": problem.body["errorMessages"]}
    structure: Json = {}
    if query.where is not None:
        structure["where"] = _clause(query.where)
    if query.order:
        structure["orderBy"] = {
            "fields": [
                {
                    "direction": "desc" if order.descending else "asc",
                    "field": {"name": order.field, "encodedName": order.field},
                }
                for order in query.order
            ]
        }
    return {"query": jql, "structure": structure}


def _clause(node: Node) -> Json:
    match node:
        case Clause():
            operand = _operand(node)
            field = {"name": node.field, "encodedName": node.field}
            return {"field": field, "operator": node.operator, "operand": operand}
        case Negation(part):
            return {"operator": "not", "clauses": [_clause(part)]}
        case Both(parts) | Either(parts):
            word = "and" if isinstance(node, Both) else "or"
            return {"operator": word, "clauses": [_clause(part) for part in parts]}


def _operand(clause: Clause) -> Json:
    if clause.operator in {"in", "not in"} and (
        len(clause.values) > 1 or clause.values[0].arguments is None
    ):
        return {
            "values": [_one(value) for value in clause.values],
            "encodedOperand": _shown(clause),
        }
    return _one(clause.values[0])


def _shown(clause: Clause) -> str:
    return f"({', '.join(value.text for value in clause.values)})"


def _one(value: Value) -> Json:
    if value.empty:
        return {"keyword": "empty", "encodedOperand": "EMPTY"}
    if value.arguments is not None:
        shown = f"{value.text}({', '.join(value.arguments)})"
        return {"function": value.text, "arguments": list(value.arguments), "encodedOperand": shown}
    return {"value": value.text, "encodedValue": value.text}
