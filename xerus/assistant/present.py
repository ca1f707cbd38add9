"""What a write is about to change, read before a person is asked to approve it."""

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

_STATUS = "connection_status"
_ISSUE = "jira_get_issue"
_UNUSABLE = frozenset({"not_connected", "connecting", "needs_reconnect", "disconnected"})


class NotConnected(Exception):
    """Atlassian has to be connected first, at `url`: asking for approval would be in vain."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


async def facts_of(client: Client, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return how the issue that a call names stands now, as far as it can be read.

    Raises:
        NotConnected: the call cannot succeed.
    """
    if isinstance(arguments.get("arguments"), Mapping):  # a call inside one of the lean profile's
        arguments = arguments["arguments"]
    site = {"site": arguments["site"]} if "site" in arguments else {}
    if "issue_key" in arguments:
        asked = {"issue_key": arguments["issue_key"], "comment_limit": 0, "max_chars": 200, **site}
        fields = (await _read(client, _ISSUE, asked)).get("fields", {})
        named = {"Issue now": fields.get("summary"), "Status now": fields.get("status")}
        return {name: str(value) for name, value in named.items() if value}
    status = await _read(client, _STATUS, {})
    if all(one.get("state") in _UNUSABLE for one in (status, *status.get("others", ()))):
        raise NotConnected(str(status.get("tools_url", "")))
    return {}


def url_asked(result: types.InputRequiredResult) -> str:
    """Return the URL that a server asks the person to open; '' if it asks for something else."""
    for request in (result.input_requests or {}).values():
        params = getattr(request, "params", None)
        if isinstance(params, types.ElicitRequestURLParams):
            return params.url
    return ""


async def _read(client: Client, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call a tool for its structured content; empty where it fails, which the call will tell."""
    try:
        result = await client.session.call_tool(
            tool, {**arguments, "format": "json"}, allow_input_required=True
        )
    except MCPError:
        return {}
    if isinstance(result, types.InputRequiredResult):
        raise NotConnected(url_asked(result))
    return dict(result.structured_content or {})
