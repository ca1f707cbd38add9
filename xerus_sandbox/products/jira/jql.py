"""What JQL means: checks a query against an instance and answers it, in Jira's own words."""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from xerus_sandbox.operations import ApiError, Call
from xerus_sandbox.products.documents.adf import plain_text
from xerus_sandbox.products.jira import roles, scheme
from xerus_sandbox.products.model import Comment, Issue, Person
from xerus_sandbox.products.query import grammar
from xerus_sandbox.products.query.dates import DateError, is_whole_day, moment
from xerus_sandbox.products.query.grammar import Both, Clause, Either, Negation, Node, Query, Value
from xerus_sandbox.products.world import JiraData, World

_DAY = 86400.0
_MAX_ORDER_FIELDS = 7
_ALIASES = {
    "type": "issuetype",
    "key": "issuekey",
    "id": "issuekey",
    "issue": "issuekey",
    "due": "duedate",
    "createddate": "created",
    "updateddate": "updated",
    "resolutiondate": "resolved",
    "label": "labels",
    "cf[10020]": "sprint",
    "customfield_10020": "sprint",
}
_TEXTS = frozenset({"summary", "description", "text", "comment"})
_DATES = frozenset({"created", "updated", "resolved", "duedate"})
_PEOPLE = frozenset({"assignee", "reporter", "creator"})
_LISTS = frozenset({"labels", "component", "fixversion", "sprint"})
_CHOICES = frozenset(
    {
        "project",
        "status",
        "statuscategory",
        "issuetype",
        "priority",
        "resolution",
        "issuekey",
        "parent",
    }
)
_FIELDS = _TEXTS | _DATES | _PEOPLE | _LISTS | _CHOICES
_ORDER_ONLY = frozenset({"rank"})
_EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
_ORDERED = _EQUALITY | {"<", ">", "<=", ">="}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_WORD = re.compile(r"\w+")
_KEY_NUMBER = re.compile(r"(.+)-(\d+)")


class JqlError(ApiError):
    """400 with Jira's message or messages."""

    def __init__(self, *messages: str) -> None:
        super().__init__(400, {"errorMessages": list(messages), "errors": {}})
        self.messages = list(messages)


def parse(jql: str) -> Query:
    """Parse a query.

    Raises:
        JqlError: the query cannot be parsed.
    """
    try:
        return grammar.parse(jql)
    except grammar.QuerySyntaxError as error:
        raise JqlError(f"Error in the JQL Query: {error}") from error


def canonical(name: str) -> str:
    """Return the one name of a field."""
    lower = name.lower()
    return _ALIASES.get(lower, lower)


@dataclass(frozen=True, kw_only=True)
class Search:
    """One caller's search in one instance."""

    world: World
    data: JiraData
    call: Call

    def check(self, query: Query) -> None:
        """Refuse unknown fields, operators that a field lacks, and values that do not exist.

        Raises:
            JqlError: with one message per problem.
        """
        problems = [p for clause in query.clauses() for p in self._problems(clause)]
        problems += [
            _not_sortable(order.field)
            for order in query.order
            if canonical(order.field) not in _FIELDS | _ORDER_ONLY
        ]
        if len(query.order) > _MAX_ORDER_FIELDS:
            problems.append(f"The maximum number of ORDER BY fields is {_MAX_ORDER_FIELDS}.")
        if problems:
            raise JqlError(*dict.fromkeys(problems))

    def run(self, query: Query, reconcile: frozenset[str] = frozenset()) -> list[Issue]:
        """Return the matching issues that the caller may see, in order."""
        self.check(query)
        visible = self.data.visible(self.call.account.account_id)
        rows = self.data.index.rows(self.call.now, reconcile)
        found = [i for i in rows if i.project in visible and self._holds(query.where, i)]
        found.sort(key=lambda issue: int(issue.id), reverse=True)
        for order in reversed(query.order):
            name = canonical(order.field)
            found.sort(key=partial(self._sort_key, name), reverse=order.descending)
        return found

    # checking

    def _problems(self, clause: Clause) -> Iterable[str]:
        name = canonical(clause.field)
        if name not in _FIELDS:
            yield f"Field '{clause.field}' does not exist or you do not have permission to view it."
            return
        if clause.operator not in _operators(name):
            yield f"The operator '{clause.operator}' is not supported by the '{clause.field}' field."
            return
        for value in clause.values:
            if value.arguments is not None:
                yield from self._function_problem(name, value)
            elif not value.empty and (problem := self._value_problem(name, clause.field, value)):
                yield problem

    def _function_problem(self, name: str, value: Value) -> Iterable[str]:
        lower = value.text.lower()
        if lower == "currentuser" and name in _PEOPLE:
            return
        if lower in {"opensprints", "closedsprints", "futuresprints"} and name == "sprint":
            return
        if name in _DATES:
            try:
                moment(value, self.call.now)
            except DateError:
                yield f"Unable to find JQL function '{value.text}({', '.join(value.arguments or ())})'."
            return
        yield f"Unable to find JQL function '{value.text}({', '.join(value.arguments or ())})'."

    def _value_problem(self, name: str, shown: str, value: Value) -> str | None:
        if name in _DATES:
            return self._date_problem(shown, value)
        if name in {"issuekey", "parent"}:
            return self._key_problem(shown, value.text)
        known = self._known(name)
        if known is None or value.text.lower() in known:
            return None
        return f"The value '{value.text}' does not exist for the field '{shown}'."

    def _date_problem(self, shown: str, value: Value) -> str | None:
        try:
            moment(value, self.call.now)
        except DateError:
            return (
                f"Date value '{value.text}' for field '{shown}' is invalid. Valid formats include:"
                " 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd',"
                " or a period format e.g. '-5d', '4w 2d'."
            )
        return None

    def _key_problem(self, shown: str, text: str) -> str | None:
        issue = self.data.find(text)
        if issue is not None and issue.project in self.data.visible(self.call.account.account_id):
            return None
        if not text.isdecimal() and not _KEY_NUMBER.fullmatch(text):
            return f"The issue key '{text}' for field '{shown}' is invalid."
        return f"An issue with key '{text}' does not exist for field '{shown}'."

    def _known(self, name: str) -> set[str] | None:  # noqa: C901, PLR0911 - one line per field
        """Return the lower-case values that exist for a field, or None if anything goes."""
        match name:
            case "project":
                projects = self.data.visible(self.call.account.account_id).values()
                return {v.lower() for p in projects for v in (p.key, p.name, p.id)}
            case "status":
                return {v for s in scheme.STATUSES.values() for v in (s.name.lower(), s.id)}
            case "statuscategory":
                categories = {s.category for s in scheme.STATUSES.values()}
                return {v.lower() for c in categories for v in (c.name, c.key, str(c.id))}
            case "issuetype":
                return {v for t in scheme.ISSUE_TYPES.values() for v in (t.name.lower(), t.id)}
            case "priority":
                return {v.lower() for pair in scheme.PRIORITIES.items() for v in pair}
            case "resolution":
                pairs = {v.lower() for pair in scheme.RESOLUTIONS.items() for v in pair}
                return pairs | {"unresolved"}
            case "sprint":
                sprints = self.data.sprints.values()
                return {v for s in sprints for v in (s.name.lower(), str(s.id))}
            case "component":
                return {c.lower() for p in self.data.projects.values() for c in p.components}
            case "fixversion":
                return {v.lower() for p in self.data.projects.values() for v in p.versions}
            case _ if name in _PEOPLE:
                return {n for person in self.world.people.values() for n in _names(person)}
            case _:
                return None

    # answering

    def _holds(self, node: Node | None, issue: Issue) -> bool:
        match node:
            case None:
                return True
            case Both(parts):
                return all(self._holds(part, issue) for part in parts)
            case Either(parts):
                return any(self._holds(part, issue) for part in parts)
            case Negation(part):
                return not self._holds(part, issue)
            case Clause():
                return self._matches(node, issue)

    def _matches(self, clause: Clause, issue: Issue) -> bool:
        name = canonical(clause.field)
        if name in _TEXTS:
            return self._text_matches(clause, name, issue)
        if name in _DATES:
            return self._date_matches(clause, name, issue)
        if clause.operator in _COMPARE:
            return self._ordered_matches(clause, name, issue)
        values = self._values(issue, name)
        wanted = {w for value in clause.values for w in self._wanted(name, value)}
        hit = bool(values & wanted) or ("" in wanted and not values)
        if clause.operator in {"!=", "not in", "is not"}:
            # As in Jira, a negative clause does not find issues where the field is empty.
            return not hit and (bool(values) or clause.operator == "is not")
        return hit

    def _values(  # noqa: C901, PLR0911, PLR0912 - one line per field
        self, issue: Issue, name: str
    ) -> set[str]:
        match name:
            case "project":
                project = self.data.projects[issue.project]
                return {project.key.lower(), project.name.lower(), project.id}
            case "status":
                return {issue.status.lower(), scheme.STATUSES[issue.status].id}
            case "statuscategory":
                category = scheme.STATUSES[issue.status].category
                return {category.name.lower(), category.key, str(category.id)}
            case "issuetype":
                return {issue.type.lower(), scheme.ISSUE_TYPES[issue.type].id}
            case "priority":
                return {issue.priority.lower(), scheme.PRIORITIES[issue.priority]}
            case "resolution":
                name = issue.resolution or ""
                return {name.lower(), scheme.RESOLUTIONS[name]} if name else set()
            case "issuekey":
                return {issue.key.lower(), issue.id}
            case "parent":
                parent = self.data.issues.get(issue.parent or "")
                return {parent.key.lower(), parent.id} if parent else set()
            case "labels":
                return {label.lower() for label in issue.labels}
            case "component":
                return {item.lower() for item in issue.components}
            case "fixversion":
                return {item.lower() for item in issue.fix_versions}
            case "sprint":
                sprint = self.data.sprints.get(issue.sprint or 0)
                return {sprint.name.lower(), str(sprint.id)} if sprint else set()
            case _:
                account = issue.assignee if name == "assignee" else issue.reporter
                return _names(self.world.person(account)) if account else set()

    def _wanted(self, name: str, value: Value) -> set[str]:
        if value.empty or (name == "resolution" and value.text.lower() == "unresolved"):
            return {""}
        if value.arguments is None:
            return {value.text.lower()}
        if value.text.lower() == "currentuser":
            return {self.call.account.account_id.lower()}
        state = {"opensprints": "active", "closedsprints": "closed"}.get(
            value.text.lower(), "future"
        )
        return {str(s.id) for s in self.data.sprints.values() if s.state == state}

    def _text_matches(self, clause: Clause, name: str, issue: Issue) -> bool:
        comments = roles.readable(self.world, self.call, issue)
        text = _text_of(issue, name, comments)
        value = clause.values[0]
        if value.empty:
            return (not text) == (clause.operator in {"is", "="})
        hit = contains(text, value.text)
        return not hit if clause.operator == "!~" else hit

    def _date_matches(self, clause: Clause, name: str, issue: Issue) -> bool:
        actual = _date_of(issue, name, self.call.now)
        value = clause.values[0]
        if value.empty:
            return (actual is None) == (clause.operator in {"is", "="})
        if actual is None:
            return False
        if clause.operator in _COMPARE:
            return _COMPARE[clause.operator](actual, moment(value, self.call.now))
        hit = any(self._same_time(actual, item) for item in clause.values)
        return not hit if clause.operator in {"!=", "not in"} else hit

    def _same_time(self, actual: float, value: Value) -> bool:
        start = moment(value, self.call.now)
        return start <= actual < start + (_DAY if is_whole_day(value) else 60)

    def _ordered_matches(self, clause: Clause, name: str, issue: Issue) -> bool:
        compare = _COMPARE[clause.operator]
        text = clause.values[0].text
        if name == "priority":
            wanted = scheme.PRIORITIES.get(text.title(), text)
            return compare(-float(scheme.PRIORITIES[issue.priority]), -float(wanted))
        other = self.data.find(text)
        if other is None or other.project != issue.project:
            return False
        return compare(_number(issue.key), _number(other.key))

    def _sort_key(self, name: str, issue: Issue) -> tuple[bool, float, str]:
        if name in _DATES:
            at = _date_of(issue, name, self.call.now)
            return (at is not None, at or 0.0, "")
        if name in {"priority", "rank"}:
            urgency = -float(scheme.PRIORITIES[issue.priority])
            return (True, issue.place if name == "rank" else urgency, "")
        if name == "issuekey":
            return (True, 0.0, f"{issue.project} {int(_number(issue.key)):09d}")
        if name in _TEXTS:
            return (True, 0.0, _text_of(issue, name, ()).lower())
        if name in _PEOPLE:
            account = issue.assignee if name == "assignee" else issue.reporter
            return (account is not None, 0.0, self.world.person(account).name if account else "")
        values = sorted(self._values(issue, name))
        return (bool(values), 0.0, values[-1] if values else "")


def contains(text: str, wanted: str) -> bool:
    """Match as the text search does: every word must occur, `"..."` is a phrase, `*` ends a prefix."""
    lower = text.lower()
    phrase = re.fullmatch(r'"(.+)"', wanted.strip())
    if phrase:
        return phrase.group(1).lower() in lower
    words = set(_WORD.findall(lower))
    return all(
        any(word == want or (len(want) > 2 and word.startswith(want)) for word in words)  # noqa: PLR2004
        for want in _WORD.findall(wanted.lower())
    )


def _names(person: Person) -> set[str]:
    names = (person.account_id, person.name, person.email, person.username)
    return {name.lower() for name in names if name}


def _operators(name: str) -> frozenset[str]:
    if name in _TEXTS:
        return frozenset({"~", "!~", "is", "is not"})
    if name in _DATES or name in {"priority", "issuekey"}:
        return _ORDERED
    return _EQUALITY


def _not_sortable(name: str) -> str:
    return (
        f"Not able to sort using field '{name}'. The field does not exist or you do not have"
        " permission to view it."
    )


def _text_of(issue: Issue, name: str, comments: Iterable[Comment]) -> str:
    body = (
        issue.description if isinstance(issue.description, str) else plain_text(issue.description)
    )
    if name == "summary":
        return issue.summary
    if name == "description":
        return body
    said = [one.body if isinstance(one.body, str) else plain_text(one.body) for one in comments]
    return "\n".join(said if name == "comment" else [issue.summary, body, *said])


def _date_of(issue: Issue, name: str, now: float) -> float | None:
    if name == "duedate":
        return moment(Value(issue.duedate), now) if issue.duedate else None
    value: float | None = getattr(issue, name)
    return value


def _number(key: str) -> float:
    return float(key.rpartition("-")[2])
