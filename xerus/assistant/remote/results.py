"""What the model and the person get of a result: text of the server's, marked as such, bounded."""

import json
from collections.abc import Sequence

import mcp_types as types

from xerus.assistant.remote.session import wanted_of
from xerus.remotes.servers import RemoteServer
from xerus.tools.untrusted import fenced, one_line

MOST_CHARACTERS = 20_000
_LONGEST_LABEL = 120
_K = 1000


def text_of(server: RemoteServer, result: types.CallToolResult, asked: Sequence[str] = ()) -> str:
    """Return a result as one marked text.

    Args:
        server: whose result it is.
        result: images, sound and files are named, not shown.
        asked: what the server asked the person during the call, which was declined.
    """
    parts = [_block(block) for block in result.content]
    # The same again where a server keeps the rule to repeat it as text.
    if result.structured_content is not None and not _repeated(result):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    whole = "\n".join(filter(None, parts)) or "(The server answered with nothing.)"
    cut = len(whole) - MOST_CHARACTERS
    end = f"\n[{cut:,} more characters are not shown.]" if cut > 0 else ""
    marked = fenced(whole[:MOST_CHARACTERS], source=f"MCP server {one_line(server.name)}")
    return "\n".join(filter(None, (marked + end, declined(asked))))


def input_wanted(server: RemoteServer, result: types.InputRequiredResult) -> str:
    """Return what is told of a call that the server will not finish without more."""
    wanted = [
        wanted_of(request.params)
        for request in (result.input_requests or {}).values()
        if isinstance(request, types.ElicitRequest)
    ]
    said = fenced("; ".join(wanted) or "something", source=f"MCP server {one_line(server.name)}")
    return (
        "Not finished: the server asked for input in the middle of the call, which Xerus does not"
        f" pass on. It asked:\n{said}"
    )


def declined(asked: Sequence[str]) -> str:
    """Return what is told of questions that were declined; '' for none."""
    if not asked:
        return ""
    said = fenced("\n".join(asked), source="a question of the server to the person")
    return (
        "During the call the server asked the person for input. Xerus does not pass such questions"
        f" on and declined:\n{said}"
    )


def _block(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent():
            return _hidden("image", block.mime_type, _bytes(block.data))
        case types.AudioContent():
            return _hidden("sound", block.mime_type, _bytes(block.data))
        case types.ResourceLink():
            name = one_line(block.title or block.name)
            about = one_line(block.description or "")
            return f"[resource: {name}, {block.uri}{', ' if about else ''}{about}]"
        case types.EmbeddedResource():
            return _resource(block.resource)


def _resource(resource: types.TextResourceContents | types.BlobResourceContents) -> str:
    match resource:
        case types.TextResourceContents():
            return f"[resource: {resource.uri}]\n{resource.text}"
        case types.BlobResourceContents():
            return _hidden("file", resource.mime_type or "", _bytes(resource.blob), resource.uri)


def _hidden(what: str, kind: str, size: int, where: str = "") -> str:
    length = f"{max(1, round(size / _K)):,} kB" if size >= _K else f"{size} bytes"
    named = ", ".join(filter(None, (one_line(kind)[:_LONGEST_LABEL], length)))
    return f"[not shown: {what} ({named})]" + (f" {one_line(where)}" if where else "")


def _bytes(base64: str) -> int:
    """Return how many bytes a Base64 text stands for, without making them."""
    return len(base64) * 3 // 4 - base64[-2:].count("=")


def _repeated(result: types.CallToolResult) -> bool:
    return any(
        isinstance(block, types.TextContent) and _same(block.text, result.structured_content)
        for block in result.content
    )


def _same(text: str, content: object) -> bool:
    # FastMCP's servers wrap what is no object.
    if content == {"result": text}:
        return True
    try:
        return bool(json.loads(text) == content)
    except (ValueError, RecursionError):
        return False
