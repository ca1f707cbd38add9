"""Creating many issues with one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from xerus.atlassian.jira import edits
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira
from xerus.errors import InvalidInput, UpstreamError
from xerus.tools.arguments import checked_part
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.declaration import Effect, SiteArgs, tool
from xerus.tools.jira.fields import JsonObjects
from xerus.tools.jira.issues import NewIssue, fields_of, named_as, not_taken
from xerus.tools.readback import read_back
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced

_MOST = 50
_READ_BACK = ("summary", "issuetype", "priority", "assignee", "labels", "description")
_COLUMNS = ("item", "key", "result")


class CreateIssues(SiteArgs):
    """The new issues."""

    issues: Annotated[
        JsonObjects,
        Field(
            min_length=1,
            max_length=_MOST,
            description="Up to 50 objects with the arguments of jira_create_issue",
        ),
    ]
    validate_only: bool = Field(default=False, description="Check all, create none")


@dataclass(frozen=True, kw_only=True)
class _Item:
    """What became of one issue: a key when it was created."""

    key: str
    result: str


@dataclass(frozen=True, kw_only=True)
class CreatedMany:
    """What became of each issue, by its position in the call.

    Attributes:
        head: our own words.
    """

    head: str
    items: Sequence[_Item]

    def markdown(self) -> str:
        """Return a row per issue, fenced: summaries and refusals quote what people wrote."""
        rows = [[str(n), one.key, one.result] for n, one in enumerate(self.items, start=1)]
        return f"{self.head}\n{fenced(table(_COLUMNS, rows), source='jira new issues')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as objects."""
        rows = [{"key": one.key or None, "result": clean(one.result)} for one in self.items]
        return {"issues": rows, "untrusted": ["issues[].result"]}


@tool(
    title="Create several issues",
    effect=Effect.CREATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "POST /rest/api/3/issue/bulk",
        "POST /rest/api/3/issue/bulkfetch",
        "GET /rest/api/3/project/{projectIdOrKey}",
        "GET /rest/api/3/priority",
        "GET /rest/api/3/user/assignable/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "POST /rest/api/2/issue/bulk",
        "POST /rest/api/2/search",
        "GET /rest/api/2/project/{projectIdOrKey}",
        "GET /rest/api/2/priority",
        "GET /rest/api/2/user/assignable/search",
        "GET /rest/api/2/myself",
    ),
)
async def create_issues(jira: Jira, args: CreateIssues) -> CreatedMany:
    """Create up to 50 Jira issues; answers per issue."""
    new = [_new(n, item) for n, item in enumerate(args.issues, start=1)]
    fields, problems = await _prepared(jira, new)
    if problems:
        said = "; ".join(f"item {n + 1}: {problem}" for n, problem in problems.items())
        raise ChoiceNeeded(
            f"Nothing was created: {len(problems)} of {len(new)} cannot be.", said=said
        )
    if args.validate_only:
        fine = [_Item(key="", result=f"fine: {one.summary}") for one in new]
        return CreatedMany(head="Checked only; nothing was created.", items=fine)
    outcome = await edits.create_many(jira, fields)
    keys = list(outcome.keys.values())
    found, problem = await read_back(
        edits.by_keys(jira, keys, fields=_READ_BACK), otherwise=dict[str, Any]()
    )
    items = [_item(n, one, outcome, found) for n, one in enumerate(new)]
    head = f"Created {len(keys)} of {len(new)}. {problem}Link: {jira.link('KEY')}"
    return CreatedMany(head=head, items=items)


def _new(position: int, item: dict[str, Any]) -> NewIssue:
    try:
        return checked_part(NewIssue, item, what="an issue")
    except InvalidInput as error:
        raise InvalidInput(
            f"issues, item {position}: {error.message} Nothing was created.", hint=error.hint
        ) from None


def _item(position: int, new: NewIssue, outcome: edits.Bulk, found: dict[str, Any]) -> _Item:
    key = outcome.keys.get(position, "")
    if not key:
        return _Item(key="", result=f"refused: {outcome.refused.get(position, 'no reason given')}")
    lost = not_taken(new, found[key]) if key in found else ""
    return _Item(key=key, result=f"{new.issue_type}: {new.summary} {lost}".strip())


async def _prepared(
    jira: Jira, new: Sequence[NewIssue]
) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Look every name up; return the fields of each issue, and what is wrong by position."""
    names = _Names(jira)
    fields: list[dict[str, Any]] = []
    problems: dict[int, str] = {}
    for position, one in enumerate(new):
        try:
            fields.append(await names.resolved(one))
        except UpstreamError as error:
            if error.code != "not_found":
                raise
            problems[position] = f"project_key: there is no project {one.project_key} to see"
        except InvalidInput as error:
            said = f" Choices: {error.said}" if isinstance(error, ChoiceNeeded) else ""
            problems[position] = error.message + said
    return fields, problems


class _Names:
    """Looks names up, each project, list and person once."""

    def __init__(self, jira: Jira) -> None:
        self._jira = jira
        self._types: dict[str, list[dict[str, Any]]] = {}
        self._priorities: list[dict[str, Any]] = []
        self._people: dict[tuple[str, str], Any] = {}

    async def resolved(self, new: NewIssue) -> dict[str, Any]:
        """Return the fields of one issue."""
        types = await self._types_of(new.project_key)
        fields = await self._with_person(new)
        fields["issuetype"] = named_as(new.issue_type, types, "issue type")
        if new.priority is not None:
            self._priorities = self._priorities or await self._jira.priorities()
            fields["priority"] = named_as(new.priority, self._priorities, "priority")
        return fields

    async def _types_of(self, project_key: str) -> list[dict[str, Any]]:
        if project_key not in self._types:
            project = await self._jira.project(project_key)
            self._types[project_key] = project.get("issueTypes") or []
        return self._types[project_key]

    async def _with_person(self, new: NewIssue) -> dict[str, Any]:
        who = (new.project_key, new.assignee or "")
        if who in self._people:
            fields = await fields_of(self._jira, new.model_copy(update={"assignee": None}))
            return fields | {"assignee": self._people[who]}
        fields = await fields_of(self._jira, new)
        if new.assignee:
            self._people[who] = fields["assignee"]
        return fields
