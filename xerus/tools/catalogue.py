"""All tools, by name. A renamed tool keeps its old name in `ALIASES`."""

from collections.abc import Iterable
from difflib import get_close_matches

from xerus.errors import NotFound
from xerus.tools import scopes
from xerus.tools.confluence import pages
from xerus.tools.confluence import search as confluence_search
from xerus.tools.connection import connection_status
from xerus.tools.declaration import Tool
from xerus.tools.jira import comments, issues, transitions
from xerus.tools.jira import search as jira_search

ALL: tuple[Tool, ...] = (
    connection_status,
    jira_search.search,
    issues.get_issue,
    issues.create_issue,
    comments.add_comment,
    transitions.get_transitions,
    transitions.transition_issue,
    confluence_search.search,
    pages.get_page,
    pages.create_page,
)

ALIASES = {
    "jira_search_issues": "jira_search",
    "jira_transition": "jira_transition_issue",
    "confluence_search_pages": "confluence_search",
}
"""Names of before, or of the servers this one replaces; accepted, never listed."""


class Catalogue:
    """The tools that an installation offers."""

    def __init__(self, tools: Iterable[Tool] = ALL) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Every tool, in the order of the declaration."""
        return tuple(self._tools.values())

    def get(self, name: str) -> Tool:
        """Return the tool of a name or alias.

        Raises:
            NotFound: there is none; the hint has the nearest name.
        """
        found = self._tools.get(ALIASES.get(name, name))
        if found is None:
            near = get_close_matches(name, self._tools, n=1, cutoff=0.5)
            raise NotFound(
                f"There is no tool {name[:80]!r}.",
                code="unknown_tool",
                hint=f"Did you mean {near[0]}?" if near else "tools/list names all tools.",
            )
        return found

    def atlassian_scopes(self) -> frozenset[str]:
        """Return the scopes to ask for at Atlassian: computed, never kept by hand."""
        return scopes.asked_for(self._tools.values())
