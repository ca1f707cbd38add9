"""Step-up: how a client learns that a call takes more scopes than its token has.

The MCP authorization text wants that answer at the level of HTTP (RFC 6750 3.1), where the client's
OAuth code sees it; the JSON-RPC result stays the body, for the words in it.
"""

from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.types import Message, Send

STEP_UP_KEY = "xerus.step_up"
_FORBIDDEN = 403


@dataclass(kw_only=True)
class StepUp:
    """What one request turned out to need; lies in the ASGI scope under `STEP_UP_KEY`."""

    held: frozenset[str]
    metadata_url: str
    needed: set[str] = field(default_factory=set)

    def around(self, send: Send) -> Send:
        """Return a `send` that makes a challenge of the answer if scopes are needed."""

        async def challenging(message: Message) -> None:
            if self.needed and message["type"] == "http.response.start":
                challenge = (b"www-authenticate", self._challenge().encode())
                headers = [*message.get("headers", []), challenge]
                message = {**message, "status": _FORBIDDEN, "headers": headers}
            await send(message)

        return challenging

    def _challenge(self) -> str:
        return (
            f'Bearer error="insufficient_scope", scope="{" ".join(sorted(self.needed))}", '
            f'resource_metadata="{self.metadata_url}", '
            'error_description="The call takes a scope that the token does not have."'
        )


def require(ctx: ServerRequestContext[Any, Any], scope: str) -> None:
    """Answer the request with a challenge for `scope`, one or several; over stdio do nothing.

    Since 2026-07-28 a challenge names what the operation takes, and the client adds what it has.
    Clients of the revisions before ask for what is named and no more: they would lose the rest.
    """
    step_up = ctx.request.scope.get(STEP_UP_KEY) if ctx.request is not None else None
    if step_up is None or not scope:
        return
    step_up.needed.update(scope.split())
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        step_up.needed.update(step_up.held)
