"""The demo model: no AI. A fixed grammar in the place of a model, so that the rest is real.

It goes through the same loop as any model: the tools, the approvals and the answers are real.
"""

import json
import re
from collections.abc import AsyncIterator, Sequence

from pydantic_ai import ToolDefinition
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from xerus.assistant.any_tool import any_call, known, leads_to
from xerus.assistant.exchanges import ALREADY_DONE
from xerus.assistant.grammar import EXAMPLES, Request, understand
from xerus.assistant.marks import without_marks
from xerus.ids import new_id

NAME = "demo"

_CURSOR = re.compile(r"^More: repeat with cursor=.*$", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s|<>]+[^\s|<>.,;:)]")

_WORDS = re.compile(r"\s*\S+\s*")

_WHO = "**Demo model: no AI.**"
_UNKNOWN = (
    f"{_WHO} I did not understand that. I understand these requests, with your own keys, titles"
    " and words:\n\n"
    + "\n".join(f"- {example}" for example in EXAMPLES)
    + "\n\nAn administrator can set `XERUS_MODEL` for a real model."
)

_ONWARD = {"go on", "go on.", ALREADY_DONE.casefold()}
_STANDS = f"{_WHO} What I did stands above; nothing was done again. Ask for what is still missing."


def demo_model() -> FunctionModel:
    """Return the model."""
    return FunctionModel(_respond, stream_function=_stream, model_name=NAME)


def _respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    step = _next_step(messages, info.function_tools)
    if isinstance(step, str):
        return ModelResponse(parts=[TextPart(content=step)])
    return ModelResponse(
        parts=[ToolCallPart(tool_name=step.tool, args=step.arguments, tool_call_id=new_id())]
    )


async def _stream(
    messages: list[ModelMessage], info: AgentInfo
) -> AsyncIterator[str | DeltaToolCalls]:
    step = _next_step(messages, info.function_tools)
    if isinstance(step, str):
        for word in _WORDS.findall(step):
            yield word
    else:
        yield {
            0: DeltaToolCall(
                name=step.tool, json_args=json.dumps(step.arguments), tool_call_id=new_id()
            )
        }


def _next_step(messages: list[ModelMessage], tools: Sequence[ToolDefinition]) -> str | Request:
    """Return the next call, or the answer."""
    text, results = _since_the_person(messages)
    if text.strip().casefold() in _ONWARD:
        return _STANDS
    request = any_call(text, tools) or understand(text)
    if request is None:
        return _UNKNOWN + known(tools)
    if isinstance(request, str):
        return f"{_WHO} {request}"
    if not results or _is_open(results[-1], request):
        return request
    last = results[-1]
    if request.then and len(results) == 1 and last.outcome == "success":
        return _page_of(str(last.content), request.then)
    return _answer(last)


def _is_open(last: ToolReturnPart, request: Request) -> bool:
    """Whether the person has just connected the server of the tool that they asked for."""
    return last.outcome == "success" and leads_to(last.tool_name, request.tool)


def _since_the_person(messages: list[ModelMessage]) -> tuple[str, list[ToolReturnPart]]:
    text, results = "", list[ToolReturnPart]()
    for message in messages:
        for part in message.parts if isinstance(message, ModelRequest) else ():
            if isinstance(part, UserPromptPart):
                text, results = str(part.content), []
            elif isinstance(part, ToolReturnPart):
                results.append(part)
    return text, results


def _page_of(found: str, title: str) -> str | Request:
    pages = json.loads(found).get("hits", [])
    exact = [page for page in pages if str(page.get("title", "")).casefold() == title.casefold()]
    for page in [*exact, *pages][:1]:
        return Request(tool="confluence_get_page", arguments={"page_id": str(page["id"])})
    return f"{_WHO} There is no page with the words “{title}” in its title."


def _answer(result: ToolReturnPart) -> str:
    said = _CURSOR.sub("There are more.", without_marks(str(result.content))).strip()
    linked = _ADDRESS.sub(r"<\g<0>>", said)
    quoted = "\n".join(f"> {line}" for line in linked.splitlines())
    match result.outcome:
        case "success":
            head = f"The tool `{result.tool_name}` answered:"
        case "denied":
            return f"{_WHO} {said}"
        case _:
            head = f"The tool `{result.tool_name}` did not succeed:"
    return f"{_WHO} {head}\n\n{quoted}"
