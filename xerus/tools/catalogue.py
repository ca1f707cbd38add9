"""All tools, by name. A renamed tool keeps its old name in `ALIASES`."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from xerus.atlassian.credentials import Product
from xerus.errors import NotFound
from xerus.settings.toolsets import Profile
from xerus.tools import replaced, scopes
from xerus.tools.batch import batch
from xerus.tools.confluence import (
    access,
    blogposts,
    copies,
    folders,
    labels,
    pages,
    spaces,
    tasks,
    templates,
    trash,
    tree,
    updates,
    versions,
    views,
)
from xerus.tools.confluence import attachments as page_attachments
from xerus.tools.confluence import comment_changes as page_comment_changes
from xerus.tools.confluence import comments as page_comments
from xerus.tools.confluence import search as confluence_search
from xerus.tools.connection import connection_status
from xerus.tools.declaration import Tool
from xerus.tools.fetch import fetch
from xerus.tools.find import search
from xerus.tools.jira import (
    attachments,
    boards,
    bulk,
    changelog,
    clones,
    comments,
    create_fields,
    edits,
    field_search,
    issues,
    links,
    metadata,
    moves,
    projects,
    service_desk,
    sprints,
    transitions,
    users,
    watchers,
    worklogs,
)
from xerus.tools.jira import search as jira_search
from xerus.tools.jira import versions as jira_versions
from xerus.tools.lean import LEAN, executes
from xerus.tools.own_activity import CallHistory, my_activity
from xerus.tools.policy import Policy

ALL: tuple[Tool, ...] = (
    connection_status,
    my_activity,
    search,
    fetch,
    jira_search.search,
    issues.get_issue,
    issues.create_issue,
    bulk.create_issues,
    edits.update_issue,
    edits.assign_issue,
    edits.delete_issue,
    comments.get_comments,
    comments.add_comment,
    comments.edit_comment,
    comments.delete_comment,
    watchers.get_watchers,
    watchers.watch,
    changelog.changelog,
    transitions.get_transitions,
    transitions.transition_issue,
    projects.get_projects,
    projects.get_project,
    metadata.get_metadata,
    create_fields.get_create_fields,
    users.find_users,
    field_search.search_fields,
    boards.boards,
    boards.sprints,
    boards.sprint_issues,
    boards.backlog,
    sprints.manage_sprint,
    sprints.move_to_sprint,
    sprints.rank,
    jira_versions.versions,
    jira_versions.manage_version,
    links.get_links,
    links.link,
    links.delete_link,
    worklogs.get_worklogs,
    worklogs.add_worklog,
    worklogs.edit_worklog,
    service_desk.queues,
    service_desk.requests,
    service_desk.reply,
    moves.move_issue,
    clones.clone_issue,
    attachments.attachments,
    attachments.add_attachment,
    attachments.delete_attachment,
    confluence_search.search,
    pages.get_page,
    pages.create_page,
    updates.update_page,
    trash.delete_page,
    tree.page_tree,
    tree.move_page,
    versions.versions,
    trash.restore,
    copies.copy_page,
    access.restrictions,
    access.watch,
    views.get_page_views,
    folders.get_folder,
    folders.create_folder,
    blogposts.blogposts,
    blogposts.create_blogpost,
    tasks.get_tasks,
    tasks.tick_task,
    templates.templates,
    page_comments.get_comments,
    page_comment_changes.add_comment,
    page_comment_changes.edit_comment,
    page_comment_changes.delete_comment,
    spaces.get_spaces,
    spaces.get_space,
    labels.get_labels,
    labels.label,
    page_attachments.attachments,
    page_attachments.add_attachment,
    page_attachments.delete_attachment,
    batch,
)

ALIASES = {
    "jira_search_issues": "jira_search",
    "jira_transition": "jira_transition_issue",
    "jira_batch_create_issues": "jira_create_issues",
    "jira_get_issue_watchers": "jira_get_watchers",
    "confluence_search_pages": "confluence_search",
    "confluence_get_space_page_tree": "confluence_page_tree",
    "confluence_get_page_diff": "confluence_versions",
    "confluence_get_page_restrictions": "confluence_restrictions",
}
"""Names of before, or of the servers this one replaces; accepted, never listed."""


def meant(name: str) -> frozenset[str]:
    """Return the tools that a list of allowed tools means by `name`, which may be an older one's.

    Empty where there is none, and where ours changes more than the one that was allowed.
    """
    known = {tool.name for tool in ALL}
    own = ALIASES.get(name, name)
    if own in known:
        return frozenset({own})
    return frozenset(() if name in replaced.WIDER else replaced.TOOLS.get(name, ())) & known


class Catalogue:
    """The tools that an installation offers: those of `tools` that the policy admits."""

    def __init__(self, tools: Iterable[Tool] = ALL, *, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._all = {tool.name: tool for tool in tools}
        self._tools = {tool.name: tool for tool in self._all.values() if self.policy.admits(tool)}
        if self.policy.profile is Profile.LEAN:
            self._all |= {tool.name: tool for tool in LEAN}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Every tool that is on, in the order of the declaration."""
        return tuple(self._tools.values())

    def listed(self, usable: Iterable[Tool]) -> list[Tool]:
        """Return what is listed so that `usable` can be used: these, or the lean profile's."""
        found = list(usable)
        if self.policy.profile is not Profile.LEAN:
            return found
        effects = {tool.effect for tool in found}
        shown = [tool for tool in found if tool.product is None and tool.client is not CallHistory]
        return shown + [tool for tool in LEAN if not executes(tool) or executes(tool) & effects]

    def get(self, name: str) -> Tool:
        """Return the tool of a name or alias.

        Raises:
            NotFound: there is none; the hint has the nearest name.
            ToolOff: it is there, but the operator switched it off.
        """
        found = self._all.get(ALIASES.get(name, name))
        if found is None:
            near = get_close_matches(name, self._tools, n=1, cutoff=0.5)
            raise NotFound(
                f"There is no tool {name[:80]!r}.",
                code="unknown_tool",
                hint=f"Did you mean {near[0]}?" if near else "tools/list names all tools.",
            )
        self.policy.check(found)
        return found

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Return the schema of the arguments of a tool or alias, None where there is none."""
        found = self._all.get(ALIASES.get(name, name))
        return found.input_schema if found else None

    def atlassian_scopes(self) -> frozenset[str]:
        """Return the scopes to ask for at Atlassian: those of the enabled tools and products."""
        return frozenset(
            scope
            for scope in scopes.asked_for(self._tools.values())
            if scope in scopes.ALWAYS or _product(scope) in self.policy.products
        )


def _product(scope: str) -> Product:
    return Product.CONFLUENCE if "confluence" in scope else Product.JIRA
