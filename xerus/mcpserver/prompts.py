"""A few prompts: work that people start again and again."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import mcp_types as types
from mcp.shared.exceptions import MCPError

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_FORMS = {
    "issue_key": ("Issue key, e.g. ENG-12", re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}-[0-9]{1,18}")),
    "project_key": ("Project key, e.g. ENG", _KEY),
    "space_key": ("Space key, e.g. DOCS", re.compile(r"~?[A-Za-z0-9._:-]{1,255}")),
    "version": ("Name of the version", re.compile(r"[^\x00-\x1f\"\\<>]{1,255}")),
    "days": ("Days to look back; default 7", re.compile(r"[1-9][0-9]{0,2}")),
}
_DEFAULTS = {"days": "7"}


@dataclass(frozen=True, kw_only=True)
class Script:
    """One prompt.

    Attributes:
        arguments: names in `_FORMS`, those with a default optional.
        needs: tools without which it makes no sense.
    """

    name: str
    title: str
    description: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...]
    text: str


SCRIPTS = (
    Script(
        name="triage_issue",
        title="Triage an issue",
        description="Read an issue and propose type, priority, assignee and next step.",
        arguments=("issue_key",),
        needs=("jira_get_issue", "jira_search"),
        text="Triage the Jira issue {issue_key}. Read it with its comments (jira_get_issue), and "
        "look with jira_search for open issues of the same project that say the same. Then tell me "
        "briefly: what it is about; whether it repeats another issue, with the key; what is missing "
        "to work on it; and which type, priority, assignee and next step you propose and why. "
        "Change nothing before I agree.",
    ),
    Script(
        name="weekly_summary",
        title="Summarize a project's week",
        description="What was done, what is stuck and what is new in a project.",
        arguments=("project_key", "days"),
        needs=("jira_search",),
        text="Summarize what happened in the Jira project {project_key} in the last {days} days. "
        "Use jira_search with project_key={project_key} and JQL: resolved >= -{days}d for what was "
        'done, created >= -{days}d for what is new, and statusCategory = "In Progress" AND updated '
        "<= -{days}d for what is stuck. Follow the cursor while there is more. Write one short "
        "paragraph, then three lists (done, new, stuck) with issue keys, and say how many issues "
        "each list is about.",
    ),
    Script(
        name="release_notes",
        title="Write release notes",
        description="Release notes from the issues of a version.",
        arguments=("project_key", "version"),
        needs=("jira_search",),
        text='Write release notes for version "{version}" of the Jira project {project_key}. Find '
        'its issues with jira_search: project_key={project_key}, jql=fixVersion = "{version}", '
        "fields=type,status,summary,labels; follow the cursor while there is more. Group by what "
        "users notice: new, improved, fixed. One plain sentence each, with the issue key. Name "
        "issues that are not done yet apart.",
    ),
    Script(
        name="plan_my_day",
        title="Plan my day",
        description="My open issues in the order in which to take them.",
        arguments=(),
        needs=("jira_search",),
        text="Find my open Jira issues (jira_search with assignee=me and open_only=true, "
        "fields=type,status,priority,duedate,updated,summary). Propose an order for today with one "
        "reason each: due dates first, then what blocks others, then priority. Say what looks "
        "forgotten.",
    ),
    Script(
        name="tour_space",
        title="Tour a space",
        description="What a Confluence space holds and where to start reading.",
        arguments=("space_key",),
        needs=("confluence_search", "confluence_get_page"),
        text="Give me a tour of the Confluence space {space_key}: what it is for, its main areas, "
        "the five pages to read first with links, and pages that nobody has changed for long. Use "
        "confluence_search with space_key={space_key}, and read single pages with "
        "confluence_get_page where a title does not say enough.",
    ),
)


def listed(usable: AbstractSet[str]) -> list[types.Prompt]:
    """Return the prompts whose tools can all be used."""
    return [_definition(script) for script in SCRIPTS if usable >= set(script.needs)]


def filled(
    name: str, arguments: Mapping[str, str], usable: AbstractSet[str]
) -> types.GetPromptResult:
    """Return a prompt with its arguments.

    Raises:
        MCPError: there is none of that name, or an argument is missing or of a wrong form.
    """
    script = next((one for one in SCRIPTS if one.name == name), None)
    if script is None or not usable >= set(script.needs):
        raise MCPError(types.INVALID_PARAMS, f"There is no prompt {name[:80]!r}.")
    values = {one: _value(one, arguments.get(one, "").strip()) for one in script.arguments}
    return types.GetPromptResult(
        description=script.description,
        messages=[
            types.PromptMessage(
                role="user", content=types.TextContent(text=script.text.format(**values))
            )
        ],
    )


def _value(name: str, given: str) -> str:
    about, form = _FORMS[name]
    value = given or _DEFAULTS.get(name, "")
    if not form.fullmatch(value):
        raise MCPError(types.INVALID_PARAMS, f"{name}: needed is: {about}.")
    return value


def _definition(script: Script) -> types.Prompt:
    return types.Prompt(
        name=script.name,
        title=script.title,
        description=script.description,
        arguments=[
            types.PromptArgument(
                name=name, description=_FORMS[name][0], required=name not in _DEFAULTS
            )
            for name in script.arguments
        ],
    )
