"""What an answer of the tools says is missing at Atlassian before the call can be made."""

from dataclasses import dataclass

import mcp_types as types

CONNECT = "xerus/connect"
"""In `_meta` of an answer: see `mcpserver.server`."""


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A connection, or scopes of it.

    Attributes:
        scopes: those that were not granted; empty where the connection is missing.
        was_running: whether the call was already being made when the connection ended.
    """

    scopes: tuple[str, ...] = ()
    was_running: bool = False


def lacking_in(result: types.CallToolResult | types.InputRequiredResult) -> Lacking | None:
    """Return what a call lacks that a person can bring about at Atlassian, None if nothing."""
    if isinstance(result, types.InputRequiredResult):
        return Lacking()
    told = (result.meta or {}).get(CONNECT)
    if not isinstance(told, dict):
        return None
    return Lacking(
        scopes=tuple(str(scope) for scope in told.get("scopes", ())),
        was_running=told.get("was_running") is True,
    )
