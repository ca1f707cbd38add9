"""Moving issues through their workflow."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from xerus.atlassian.errors import AtlassianRefused
from xerus.atlassian.jira.client import READ, WRITE, Jira
from xerus.tools.choices import ChoiceNeeded, pick
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.bodies import to_body
from xerus.tools.jira.fields import IssueKey, JsonObject, Markdown, ShortText
from xerus.tools.jira.records import flat
from xerus.tools.readback import read_back
from xerus.tools.tables import table
from xerus.tools.untrusted import clean, fenced, one_line

COLUMNS = ("id", "name", "to", "required")
"""Of a table of transitions."""


class GetTransitions(ReadArgs):
    """Of which issue."""

    issue_key: IssueKey


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """What can happen to an issue next."""

    issue_key: str
    transitions: list[dict[str, Any]]

    def markdown(self) -> str:
        """Return a table, fenced: workflow names are what an administrator wrote."""
        if not self.transitions:
            return f"{self.issue_key} has no transition open to this account."
        data = table(COLUMNS, [row(one) for one in self.transitions])
        return fenced(data, source=f"jira {self.issue_key} transitions")

    def structured(self) -> dict[str, Any]:
        """Return the same rows as objects."""
        rows = [map(clean, row(one)) for one in self.transitions]
        return {
            "issue_key": self.issue_key,
            "transitions": [dict(zip(COLUMNS, values, strict=True)) for values in rows],
            "untrusted": ["transitions[].name", "transitions[].to"],
        }


@tool(
    title="Get transitions",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}/transitions",),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}/transitions",),
)
async def get_transitions(jira: Jira, args: GetTransitions) -> Transitions:
    """List the workflow transitions of a Jira issue that are possible now."""
    found = await jira.transitions(args.issue_key)
    return Transitions(issue_key=args.issue_key, transitions=found)


class TransitionIssue(SiteArgs):
    """Which way, and what goes with it."""

    issue_key: IssueKey
    transition: Annotated[ShortText, Field(description="Transition id, name, or target status")] = (
        Field(validation_alias=AliasChoices("transition", "transition_id"))
    )
    comment: Markdown | None = Field(default=None, description="Markdown")
    resolution: ShortText | None = Field(default=None, description="Resolution name, e.g. Done")
    fields: JsonObject = Field(
        default={}, description="Fields of the transition's screen by id, in Jira's own form"
    )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """An issue before and after."""

    issue_key: str
    link: str
    transition: str
    before: str
    after: str
    resolution: str
    expected: str
    problem: str

    def markdown(self) -> str:
        """Return what changed; a status other than the transition's own is said."""
        change = f"{self.before} -> {self.after}"
        done = fenced(
            f"transition: {self.transition}\nstatus: {change}"
            + (f"\nresolution: {self.resolution}" if self.resolution else ""),
            source=f"jira {self.issue_key} workflow",
        )
        moved = self.after != self.before or self.after == self.expected
        head = "Moved" if moved else "Jira accepted the transition, but the status is unchanged"
        return f"{head}. {self.problem}{self.link}\n{done}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "issue_key": self.issue_key,
            "link": self.link,
            "status_before": clean(self.before),
            "status": clean(self.after),
            "resolution": clean(self.resolution),
        }


@tool(
    title="Transition issue",
    effect=Effect.UPDATE,
    scopes={READ, WRITE},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/{issueIdOrKey}/transitions",
        "POST /rest/api/3/issue/{issueIdOrKey}/transitions",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}",
        "GET /rest/api/2/issue/{issueIdOrKey}/transitions",
        "POST /rest/api/2/issue/{issueIdOrKey}/transitions",
    ),
)
async def transition_issue(jira: Jira, args: TransitionIssue) -> Moved:
    """Move a Jira issue to another status, with a comment or resolution if given."""
    before = await jira.issue(args.issue_key, fields=("status",))
    chosen = _chosen(args.transition, await jira.transitions(args.issue_key))
    comment = None if args.comment is None else await to_body(args.comment, is_cloud=jira.is_cloud)
    fields = dict(args.fields)
    if args.resolution is not None:
        fields["resolution"] = {"name": args.resolution}
    _check_required(chosen, fields)
    try:
        await jira.transition(args.issue_key, str(chosen["id"]), fields=fields, comment=comment)
    except AtlassianRefused as refused:
        refused.said = f"{refused.said} {_screen(chosen)}".strip()
        raise
    after, problem = await read_back(
        jira.issue(args.issue_key, fields=("status", "resolution")),
        otherwise={"fields": {"status": chosen.get("to")}},
    )
    return Moved(
        issue_key=args.issue_key,
        link=jira.link(args.issue_key),
        transition=str(chosen.get("name", "")),
        before=flat(before["fields"].get("status")),
        after=flat(after["fields"].get("status")),
        resolution=flat(after["fields"].get("resolution")),
        expected=flat(chosen.get("to")),
        problem=problem,
    )


def _chosen(wanted: str, transitions: list[dict[str, Any]]) -> dict[str, Any]:
    """Pick by id or name, else by target status: a name may equal another one's target."""

    def named(entry: dict[str, Any]) -> list[str]:
        return [str(entry.get("id", "")), str(entry.get("name", ""))]

    key = wanted.strip().casefold()
    if any(key in {name.casefold() for name in named(one)} for one in transitions):
        return pick(wanted, transitions, what="transition", names=named, show=_shown)
    return pick(
        wanted,
        transitions,
        what="transition or status",
        names=lambda entry: [flat(entry.get("to"))],
        show=_shown,
    )


def _check_required(chosen: dict[str, Any], fields: dict[str, Any]) -> None:
    lacking = [name for name in _required(chosen) if name not in fields]
    if lacking:
        names = ", ".join(lacking)
        raise ChoiceNeeded(
            f"This transition needs: {names}. Nothing was changed.", said=_screen(chosen)
        )


def _screen(chosen: dict[str, Any]) -> str:
    known = {
        name: [flat(value) for value in (about.get("allowedValues") or [])][:20]
        for name, about in (chosen.get("fields") or {}).items()
    }
    listed = "; ".join(
        f"{name} ({', '.join(values)})" if values else name for name, values in known.items()
    )
    return one_line(f"Fields of its screen: {listed}.") if listed else "Its screen has no fields."


def _required(transition: dict[str, Any]) -> list[str]:
    return [
        name
        for name, about in (transition.get("fields") or {}).items()
        if about.get("required") and not about.get("hasDefaultValue")
    ]


def row(transition: dict[str, Any]) -> list[str]:
    """Return the values of `COLUMNS`."""
    return [
        str(transition.get("id", "")),
        str(transition.get("name", "")),
        flat(transition.get("to")),
        ", ".join(_required(transition)),
    ]


def _shown(transition: dict[str, Any]) -> str:
    return f"{transition.get('id')} {transition.get('name')} -> {flat(transition.get('to'))}"
