"""What a tool call comes to, failures included, in words that a model can act on."""

from dataclasses import dataclass
from typing import Any

from xerus.atlassian.credentials import Disconnected, NotConnected, ScopeMissing
from xerus.atlassian.errors import AnswerUnusable, AtlassianRefused
from xerus.errors import Forbidden, UpstreamUnavailable, XerusError
from xerus.tools.choices import ChoiceNeeded
from xerus.tools.declaration import Answer, Args
from xerus.tools.images import Image, Pictured
from xerus.tools.stale import StaleVersion
from xerus.tools.untrusted import fenced

_IN_STRUCTURED = "The result is in the structured content."


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """The outcome of a call.

    Attributes:
        structured: set for `format="json"`, and then the text does not repeat it.
        image: a picture that belongs to the answer, or None.
        needs_connection: True when the person has to connect Atlassian at `connect_url` first.
        lacking: scopes at Atlassian that they have to grant there.
        was_running: True when the connection ended during the call, which may have done something.
        required_scope: the scopes of ours (jira:write ...) that the client's token lacks, or ''.
        unknown_tool: True when there is no such tool, a protocol error in MCP.
    """

    text: str
    structured: dict[str, Any] | None = None
    image: Image | None = None
    is_error: bool = False
    needs_connection: bool = False
    connect_url: str = ""
    lacking: tuple[str, ...] = ()
    was_running: bool = False
    required_scope: str = ""
    unknown_tool: bool = False


class McpScopeMissing(Forbidden):
    """The client was not granted this kind of tool; `scope` may name several, as on the wire."""

    code = "insufficient_scope"

    def __init__(self, tool: str, scope: str) -> None:
        super().__init__(
            f"This client may not use {tool}: its token lacks the scope {scope}.",
            hint=f"Authorize the client again with {scope}.",
        )
        self.scope = scope


def succeeded(answer: Answer, args: Args) -> ToolResult:
    """Return the answer in the one form that was asked for."""
    image = answer.image() if isinstance(answer, Pictured) else None
    if getattr(args, "format", "table") == "json":
        return ToolResult(text=_IN_STRUCTURED, structured=answer.structured(), image=image)
    return ToolResult(text=answer.markdown(), image=image)


def failed(error: XerusError, *, tools_url: str) -> ToolResult:
    """Return an error that was raised on purpose."""
    match error:
        case NotConnected():
            return ToolResult(
                text=f"{error.message} Nothing was changed. Connect it here: {tools_url}",
                is_error=True,
                needs_connection=True,
                connect_url=tools_url,
            )
        case Disconnected():
            text = f"{error.message} Connect it again here: {tools_url}"
            return ToolResult(text=text, is_error=True, connect_url=tools_url, was_running=True)
        case ScopeMissing(is_shared=False):
            text = f"{error.message} Nothing was changed. Reconnect and accept it: {tools_url}"
            lacking = tuple(sorted(error.missing))
            return ToolResult(text=text, is_error=True, connect_url=tools_url, lacking=lacking)
        case McpScopeMissing():
            return ToolResult(text=_worded(error), is_error=True, required_scope=error.scope)
        case _:
            unknown = error.code == "unknown_tool"
            return ToolResult(text=_worded(error), is_error=True, unknown_tool=unknown)


def unusable(error: AnswerUnusable, correlation_id: str) -> ToolResult:
    """Return what is said about an answer of Atlassian's that is none, with the id in our log."""
    text = f"{_worded(error)}\nIts id for support: {correlation_id}."
    return ToolResult(text=text, is_error=True)


def broken(correlation_id: str, *, writes: bool) -> ToolResult:
    """Return what is said about a defect of ours."""
    unsure = " The change may have happened: look before you repeat it." if writes else ""
    return ToolResult(
        text=f"Something went wrong inside Xerus. Its id for support: {correlation_id}.{unsure}",
        is_error=True,
    )


def _worded(error: XerusError) -> str:
    lines = [" ".join(part for part in (error.message, error.hint) if part)]
    if isinstance(error, AtlassianRefused | ChoiceNeeded | StaleVersion) and error.said:
        lines.append(fenced(error.said, source=_source(error)))
    if isinstance(error, UpstreamUnavailable) and error.request_id:
        lines.append(f"Atlassian's id of the request: {error.request_id}")
    return "\n".join(lines)


def _source(error: AtlassianRefused | ChoiceNeeded | StaleVersion) -> str:
    match error:
        case ChoiceNeeded():
            return "choices"
        case StaleVersion():
            return "the page's history"
        case _:
            return "error message of Atlassian"
