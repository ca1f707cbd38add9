"""The sets in which tools are switched on and off, and the names that choose them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Toolset(StrEnum):
    """A set of tools; `CORE` is on by default."""

    CORE = "core"
    FIELDS = "fields"
    LINKS = "links"
    WORK = "work"
    FILES = "files"
    AGILE = "agile"
    VERSIONS = "versions"
    JSM = "jsm"
    EXTRA = "extra"


class Profile(StrEnum):
    """How tools are listed: each by itself, or all behind a few that discover and execute."""

    DEFAULT = "default"
    LEAN = "lean"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A toolset, or of one only the tools of one product (`jira`, `confluence`)."""

    toolset: Toolset
    product: str = ""


DEFAULT = frozenset({Choice(toolset=Toolset.CORE)})
ALL = frozenset(Choice(toolset=toolset) for toolset in Toolset)

_JIRA = {
    "jira_issues": Toolset.CORE,
    "jira_fields": Toolset.FIELDS,
    "jira_comments": Toolset.CORE,
    "jira_transitions": Toolset.CORE,
    "jira_projects": Toolset.CORE,
    "jira_agile": Toolset.AGILE,
    "jira_links": Toolset.LINKS,
    "jira_worklog": Toolset.WORK,
    "jira_attachments": Toolset.FILES,
    "jira_users": Toolset.CORE,
    "jira_watchers": Toolset.CORE,
    "jira_service_desk": Toolset.JSM,
    "jira_forms": Toolset.JSM,
    "jira_metrics": Toolset.EXTRA,
    "jira_development": Toolset.EXTRA,
    "jira_project_analysis": Toolset.EXTRA,
}
_CONFLUENCE = {
    "confluence_pages": Toolset.CORE,
    "confluence_comments": Toolset.CORE,
    "confluence_labels": Toolset.CORE,
    "confluence_users": Toolset.CORE,
    "confluence_analytics": Toolset.EXTRA,
    "confluence_attachments": Toolset.FILES,
    "confluence_templates": Toolset.EXTRA,
    "confluence_permissions": Toolset.EXTRA,
}
NAMES: dict[str, frozenset[Choice]] = {
    "default": DEFAULT,
    "all": ALL,
    **{toolset.value: frozenset({Choice(toolset=toolset)}) for toolset in Toolset},
    **{
        name: frozenset({Choice(toolset=toolset, product=product)})
        for product, names in (("jira", _JIRA), ("confluence", _CONFLUENCE))
        for name, toolset in names.items()
    },
}
"""What each name chooses; the names of mcp-atlassian choose for one product."""


def chosen(names: Iterable[str]) -> frozenset[Choice]:
    """Return what the names choose together.

    Raises:
        ValueError: a name is none of `NAMES`.
    """
    choices: set[Choice] = set()
    for name in names:
        found = NAMES.get(name.lower())
        if found is None:
            near = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.0)[0]
            raise ValueError(f"names a toolset that does not exist; did you mean {near}?")
        choices |= found
    return frozenset(choices)
