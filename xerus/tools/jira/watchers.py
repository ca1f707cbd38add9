"""Who watches an issue."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from xerus.atlassian.jira import watchers
from xerus.atlassian.jira.client import READ, USERS, WRITE, Jira, person_id
from xerus.tools.declaration import Effect, ReadArgs, SiteArgs, tool
from xerus.tools.jira.fields import IssueKey, ShortText
from xerus.tools.jira.people import among, anybody, is_me
from xerus.tools.readback import read_back
from xerus.tools.untrusted import clean, fenced, one_line


class GetWatchers(ReadArgs):
    """Of which issue."""

    issue_key: IssueKey


@dataclass(frozen=True, kw_only=True)
class Watchers:
    """Who watches, after a change if there was one.

    Attributes:
        found: `watchers`, `watchCount` and `isWatching` as Jira gave them.
        preface: our own words above it.
    """

    issue_key: str
    found: dict[str, Any]
    preface: str = ""

    def markdown(self) -> str:
        """Return the names, fenced, and how many there are in all."""
        people, count = self._people(), int(self.found.get("watchCount", 0))
        you = "you watch it" if self.found.get("isWatching") else "you do not watch it"
        head = f"{self.preface}{self.issue_key}: {count} watcher{'' if count == 1 else 's'}, {you}."
        if not people:
            return head
        names = "\n".join(one_line(name) for name in people)
        return f"{head}\n{fenced(names, source=f'jira {self.issue_key} watchers')}"

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        return {
            "issue_key": self.issue_key,
            "count": int(self.found.get("watchCount", 0)),
            "you_watch": bool(self.found.get("isWatching")),
            "watchers": [clean(name) for name in self._people()],
            "untrusted": ["watchers[]"],
        }

    def _people(self) -> list[str]:
        return [
            ", ".join([str(one.get("displayName", "")), *person_id(one).values()])
            for one in self.found.get("watchers") or []
        ]


@tool(
    title="Get watchers",
    effect=Effect.READ,
    scopes={READ},
    endpoints=("GET /rest/api/3/issue/{issueIdOrKey}/watchers",),
    data_center=("GET /rest/api/2/issue/{issueIdOrKey}/watchers",),
)
async def get_watchers(jira: Jira, args: GetWatchers) -> Watchers:
    """List who watches a Jira issue."""
    return Watchers(issue_key=args.issue_key, found=await watchers.watchers(jira, args.issue_key))


class Watch(SiteArgs):
    """Who, and which way."""

    issue_key: IssueKey
    user: ShortText = Field(default="me", description="Name, e-mail or account id")
    action: Literal["add", "remove"] = Field(default="add", description="Start or stop watching")


@tool(
    title="Add or remove watcher",
    effect=Effect.UPDATE,
    scopes={READ, WRITE},
    optional_scopes={USERS},
    endpoints=(
        "GET /rest/api/3/issue/{issueIdOrKey}/watchers",
        "POST /rest/api/3/issue/{issueIdOrKey}/watchers",
        "DELETE /rest/api/3/issue/{issueIdOrKey}/watchers",
        "GET /rest/api/3/user/search",
        "GET /rest/api/3/myself",
    ),
    data_center=(
        "GET /rest/api/2/issue/{issueIdOrKey}/watchers",
        "POST /rest/api/2/issue/{issueIdOrKey}/watchers",
        "DELETE /rest/api/2/issue/{issueIdOrKey}/watchers",
        "GET /rest/api/2/user/search",
        "GET /rest/api/2/myself",
    ),
)
async def watch(jira: Jira, args: Watch) -> Watchers:
    """Make somebody watch a Jira issue, or stop."""
    before = await watchers.watchers(jira, args.issue_key)
    if args.action == "add":
        person = await anybody(jira, args.user)
        await watchers.watch(jira, args.issue_key, person)
    else:
        person = await _watcher(jira, args.user, before)
        await watchers.unwatch(jira, args.issue_key, person)
    after, problem = await read_back(
        watchers.watchers(jira, args.issue_key), otherwise={**before, "watchers": []}
    )
    preface = f"Jira accepted it. {problem}" if problem else _said(args, person, before, after)
    return Watchers(issue_key=args.issue_key, found=after, preface=preface)


async def _watcher(jira: Jira, wanted: str, found: dict[str, Any]) -> dict[str, str]:
    if is_me(wanted):
        return person_id(await jira.myself())
    return among(wanted, found.get("watchers") or [], what="watcher")


def _said(
    args: Watch, person: dict[str, str], before: dict[str, Any], after: dict[str, Any]
) -> str:
    was, watches = (
        person in [person_id(one) for one in found.get("watchers") or []]
        for found in (before, after)
    )
    if watches is not (args.action == "add"):
        return "Jira accepted it, but the watchers are unchanged. "
    if was is watches:
        return "It was so already. "
    return "Added. " if watches else "Removed. "
