"""Issues, pages and a person's open work as resources: what the tools read, by address."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import mcp_types as types

MIME = "text/markdown"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of resource, and the call that reads it.

    Attributes:
        uri: a URI, or a template with one variable in braces.
        form: what the variable may be.
    """

    uri: str
    name: str
    title: str
    description: str
    tool: str
    arguments: dict[str, Any]
    variable: str = ""
    form: str = ""

    def match(self, uri: str) -> dict[str, Any] | None:
        """Return the arguments that read `uri`; None where it is of another kind."""
        if not self.variable:
            return self.arguments if uri == self.uri else None
        head = self.uri.removesuffix(f"{{{self.variable}}}")
        value = uri.removeprefix(head) if uri.startswith(head) else ""
        if not re.fullmatch(self.form, value):
            return None
        return {**self.arguments, self.variable: value}


KINDS = (
    Kind(
        uri="jira://my-open-work",
        name="my-open-work",
        title="My open work",
        description="Open Jira issues assigned to the signed-in person, newest change first.",
        tool="jira_search",
        arguments={"assignee": "me", "open_only": True, "limit": 50},
    ),
    Kind(
        uri="jira://issue/{issue_key}",
        name="jira-issue",
        title="Jira issue",
        description="One issue with description and comments.",
        tool="jira_get_issue",
        arguments={},
        variable="issue_key",
        form=r"[A-Za-z][A-Za-z0-9_]{0,79}-[0-9]{1,18}",
    ),
    Kind(
        uri="confluence://page/{page_id}",
        name="confluence-page",
        title="Confluence page",
        description="One page as Markdown.",
        tool="confluence_get_page",
        arguments={},
        variable="page_id",
        form=r"[0-9]{1,20}",
    ),
)


def listed(usable: AbstractSet[str]) -> list[types.Resource]:
    """Return the resources with an address of their own that can be read."""
    return [
        types.Resource(
            uri=kind.uri,
            name=kind.name,
            title=kind.title,
            description=kind.description,
            mime_type=MIME,
        )
        for kind in KINDS
        if not kind.variable and kind.tool in usable
    ]


def templates(usable: AbstractSet[str]) -> list[types.ResourceTemplate]:
    """Return the templates of the others."""
    return [
        types.ResourceTemplate(
            uri_template=kind.uri,
            name=kind.name,
            title=kind.title,
            description=kind.description,
            mime_type=MIME,
        )
        for kind in KINDS
        if kind.variable and kind.tool in usable
    ]


def call_for(uri: str) -> tuple[str, dict[str, Any]] | None:
    """Return the tool and the arguments that read `uri`; None where it is no resource."""
    for kind in KINDS:
        arguments = kind.match(uri)
        if arguments is not None:
            return kind.tool, arguments
    return None
