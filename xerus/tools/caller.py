"""Who runs a tool."""

from dataclasses import dataclass

from xerus.ids import UserId


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A signed-in person behind a client.

    Attributes:
        user_id: None for stdio, where the operator's environment is the only identity.
        mcp_scopes: what the client was granted: jira:read, jira:write, confluence:read ...
        correlation_id: of this request, shown with unexpected failures.
        trace_id: of the caller's own trace (W3C trace context), '' where it has none.
    """

    user_id: UserId | None
    email: str
    name: str
    client_id: str
    client_name: str
    mcp_scopes: frozenset[str]
    correlation_id: str
    trace_id: str = ""
