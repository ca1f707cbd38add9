"""Which Atlassian scopes the tools need: computed from the declarations, never kept by hand."""

from collections.abc import Iterable

from xerus.tools.declaration import Tool

ALWAYS = frozenset({"read:me", "offline_access"})
"""The account's e-mail on the card of a connection, and the refresh token."""


def asked_for(tools: Iterable[Tool]) -> frozenset[str]:
    """Return the scopes to ask for at authorization so that all of `tools` work."""
    return ALWAYS.union(*(tool.scopes | tool.optional_scopes for tool in tools))


def missing(tool: Tool, granted: frozenset[str] | None) -> frozenset[str]:
    """Return the scopes that `tool` needs and the grant lacks; none when it is unknown."""
    return frozenset() if granted is None else tool.scopes - granted
