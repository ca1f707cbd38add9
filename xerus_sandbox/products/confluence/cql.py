"""What CQL means: checks a query and answers it with pages, in Confluence's own words."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from xerus_sandbox.operations import ApiError, Call
from xerus_sandbox.products.confluence import access, bodies
from xerus_sandbox.products.jira.jql import contains
from xerus_sandbox.products.model import Page, Person
from xerus_sandbox.products.query import grammar
from xerus_sandbox.products.query.dates import DateError, is_whole_day, moment
from xerus_sandbox.products.query.grammar import Both, Clause, Either, Negation, Node, Query, Value
from xerus_sandbox.products.world import ConfluenceData, World

_ALIASES = {"content": "id", "space.key": "space", "sitesearch": "text", "content.id": "id"}
_TEXTS = frozenset({"title", "text"})
_DATES = frozenset({"created", "lastmodified"})
_FIELDS = (
    _TEXTS
    | _DATES
    | frozenset(
        {
            "type",
            "space",
            "label",
            "creator",
            "contributor",
            "ancestor",
            "parent",
            "id",
            "space.type",
        }
    )
)
_EQUALITY = frozenset({"=", "!=", "in", "not in"})
_ORDERS = frozenset({"created", "lastmodified", "title", "id", "space", "type"})
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_TYPES = frozenset({"page", "blogpost", "comment", "attachment", "space", "user", "folder"})


def _refuse(cql: str, detail: str = "") -> ApiError:
    return access.v1_error(400, f"Could not parse cql : {cql}{f' : {detail}' if detail else ''}")


def canonical(name: str) -> str:
    """Return the one name of a field."""
    return _ALIASES.get(name.lower(), name.lower())


@dataclass(frozen=True, kw_only=True)
class Search:
    """One caller's search in one instance."""

    world: World
    data: ConfluenceData
    call: Call

    def run(self, cql: str) -> list[Page]:
        """Return the current pages that match and that the caller may see, in order.

        Raises:
            ApiError: 400 if the query cannot be parsed or names what does not exist.
        """
        query = self._parse(cql)
        account = self.call.account.account_id
        rows = self.data.index.rows(self.call.now)
        found = [
            page
            for page in rows
            if page.status == "current"
            and self.data.visible_space(page.space, account)
            and self._holds(query.where, page)
        ]
        found.sort(key=lambda page: int(page.id))
        for order in reversed(query.order):
            name = canonical(order.field)
            found.sort(key=partial(self._sort_key, name), reverse=order.descending)
        return found

    def _parse(self, cql: str) -> Query:
        try:
            query = grammar.parse(cql)
        except grammar.QuerySyntaxError as problem:
            raise _refuse(cql, str(problem)) from problem
        if query.where is None:
            raise _refuse(cql)
        for clause in query.clauses():
            self._check(cql, clause)
        for order in query.order:
            if canonical(order.field) not in _ORDERS:
                raise _refuse(cql, f"Cannot order by field '{order.field}'")
        return query

    def _check(self, cql: str, clause: Clause) -> None:
        name = canonical(clause.field)
        if name not in _FIELDS:
            raise _refuse(cql, f"No field exists with name: {clause.field}")
        if clause.operator not in _operators(name):
            raise _refuse(
                cql, f"Unsupported operator '{clause.operator}' for field '{clause.field}'"
            )
        for value in clause.values:
            if name in _DATES:
                self._check_date(cql, value)
            elif value.arguments is not None and not self._knows_function(name, value):
                raise _refuse(cql, f"Unknown function '{value.text}'")
            elif name == "type" and value.text.lower() not in _TYPES:
                raise _refuse(cql, f"Unsupported value for type: {value.text}")

    def _check_date(self, cql: str, value: Value) -> None:
        try:
            moment(value, self.call.now)
        except DateError as problem:
            raise _refuse(cql, f"Could not parse date: {value.text}") from problem

    def _knows_function(self, name: str, value: Value) -> bool:
        lower = value.text.lower()
        people, space = {"creator", "contributor"}, {"space", "id", "ancestor", "parent"}
        return (name in people and lower == "currentuser") or (
            name in space and lower in {"currentspace", "currentcontent"}
        )

    def _holds(self, node: Node | None, page: Page) -> bool:
        match node:
            case None:
                return True
            case Both(parts):
                return all(self._holds(part, page) for part in parts)
            case Either(parts):
                return any(self._holds(part, page) for part in parts)
            case Negation(part):
                return not self._holds(part, page)
            case Clause():
                return self._matches(node, page)

    def _matches(self, clause: Clause, page: Page) -> bool:
        name = canonical(clause.field)
        if name in _DATES:
            return self._date_matches(clause, name, page)
        negative = clause.operator in {"!=", "!~", "not in"}
        if clause.operator in {"~", "!~"}:
            hit = contains(self._text(page, name), clause.values[0].text)
        else:
            values = self._values(page, name)
            hit = any(self._wanted(value) in values for value in clause.values)
        return hit != negative

    def _text(self, page: Page, name: str) -> str:
        if name == "title":
            return page.title
        if name == "space":
            return self.data.spaces[page.space].name
        return f"{page.title} {bodies.as_words(page.current)}"

    def _values(self, page: Page, name: str) -> set[str]:  # noqa: PLR0911 - one line per field
        match name:
            case "type":
                return {page.kind}
            case "space":
                space = self.data.spaces[page.space]
                return {space.key.lower(), space.id}
            case "space.type":
                return {self.data.spaces[page.space].kind}
            case "label":
                return {label.lower() for label in page.labels}
            case "creator":
                return _names(self.world.person(page.author))
            case "contributor":
                authors = {version.author for version in page.versions}
                return {name for account in authors for name in _names(self.world.person(account))}
            case "ancestor":
                return {above.id for above in self.data.ancestors(page)}
            case "parent":
                return {page.parent} if page.parent else set()
            case "title":
                return {page.title.lower()}
            case _:
                return {page.id}

    def _wanted(self, value: Value) -> str:
        if value.arguments is not None and value.text.lower() == "currentuser":
            return self.call.account.account_id.lower()
        return value.text.lower()

    def _date_matches(self, clause: Clause, name: str, page: Page) -> bool:
        actual = page.created if name == "created" else page.current.created
        value = clause.values[0]
        start = moment(value, self.call.now)
        if clause.operator in _COMPARE:
            return _COMPARE[clause.operator](actual, start)
        hit = start <= actual < start + (86400 if is_whole_day(value) else 60)
        return hit != (clause.operator == "!=")

    def _sort_key(self, name: str, page: Page) -> tuple[float, str]:
        match name:
            case "created":
                return (page.created, "")
            case "lastmodified":
                return (page.current.created, "")
            case "id":
                return (float(page.id), "")
            case "space":
                return (0.0, self.data.spaces[page.space].key)
            case _:
                return (0.0, page.title.lower())


def _names(person: Person) -> set[str]:
    return {n.lower() for n in (person.account_id, person.name, person.username) if n}


def _operators(name: str) -> frozenset[str]:
    if name in _DATES:
        return frozenset({"=", "!=", "<", ">", "<=", ">="})
    if name == "text":
        return frozenset({"~", "!~"})
    return _EQUALITY | {"~", "!~"} if name in {"title", "space"} else _EQUALITY
