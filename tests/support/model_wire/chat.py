"""OpenAI's Chat Completions, as Ollama, vLLM, LM Studio and llama.cpp speak it."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.model_answers import (
    Answer,
    Call,
    Cut,
    Ends,
    Fails,
    Garbage,
    Gate,
    Refuse,
    Say,
    Stop,
    Think,
    Usage,
    fragments,
)
from tests.support.model_wire.checks import (
    Rejected,
    check,
    check_fields,
    check_tool,
    check_unique,
)
from tests.support.model_wire.wire import Frames, event, texts

_KNOWN = {
    *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream"),
    *("stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n"),
    *("stop", "seed", "user", "response_format", "reasoning_effort", "store", "metadata"),
}
_STOPS: dict[Stop, str] = {
    "end": "stop",
    "length": "length",
    "filter": "content_filter",
    "refusal": "stop",
}


class ChatCompletions:
    """POST /chat/completions.

    Args:
        strict_templates: the chat template wants roles to alternate and one system message at the
            start, as those of several open models do.
    """

    path = "/chat/completions"

    def __init__(self, *, strict_templates: bool = False, tools: bool = True) -> None:
        self._ids = itertools.count(1)
        self._strict_templates = strict_templates
        self._tools = tools

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        check(headers.get("content-type", "").startswith("application/json"), "not JSON")
        check_fields(body, _KNOWN)
        if body.get("tools") and not self._tools:
            raise Rejected(
                400,
                "invalid_request_error",
                f"registry.example/library/{body.get('model')} does not support tools",
                expected=True,
            )
        for tool in body.get("tools", ()):
            check(tool.get("type") == "function", "Only functions are supported.")
            function = tool["function"]
            check_tool(
                function.get("name"),
                function.get("parameters"),
                strict=bool(function.get("strict")),
            )
        check_unique(tool["function"]["name"] for tool in body.get("tools", ()))
        _check_messages(body.get("messages"))
        if self._strict_templates:
            _check_roles(body["messages"])

    def said(self, body: Mapping[str, Any]) -> list[str]:
        return [
            text
            for message in body["messages"]
            if message["role"] == "user"
            for text in texts(message["content"])
        ]

    def everything(self, body: Mapping[str, Any]) -> str:
        return "\n".join(
            text for message in body["messages"] for text in texts(message.get("content"))
        )

    def whole(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        if answer.calls:
            message["tool_calls"] = [
                {"id": self._id(call), "type": "function", "function": _function(call)}
                for call in answer.calls
            ]
        thought = "".join(part.text for part in answer.parts if isinstance(part, Think))
        if thought:
            message["reasoning_content"] = thought
        said = {
            "id": f"chatcmpl-{next(self._ids)}",
            "object": "chat.completion",
            "created": 1_800_000_000,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": _reason(answer)}],
        }
        return said | ({"usage": _usage(answer.usage)} if answer.usage else {})

    def stream(self, answer: Answer, body: Mapping[str, Any]) -> Frames:
        head = {
            "id": f"chatcmpl-{next(self._ids)}",
            "object": "chat.completion.chunk",
            "created": 1_800_000_000,
            "model": body["model"],
        }

        def chunk(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return event({**head, "choices": [choice]})

        yield chunk({"role": "assistant", "content": ""})
        calls = itertools.count()
        for part in answer.parts:
            match part:
                case Say():
                    yield from (chunk({"content": piece}) for piece in _cut(part))
                case Think():
                    yield chunk({"reasoning_content": part.text})
                case Call():
                    yield from (chunk(delta) for delta in self._called(part, next(calls)))
                case Gate() | Cut() | Ends():
                    yield part
                case Garbage():
                    yield event(part.text)
                case Fails():
                    yield event({"error": _error(part.kind, part.message, None)})
                    return
        yield chunk({}, _reason(answer))
        wants_usage = (body.get("stream_options") or {}).get("include_usage")
        if answer.usage and wants_usage:
            yield event({**head, "choices": [], "usage": _usage(answer.usage)})
        yield event("[DONE]")

    def error(self, refusal: Refuse | Rejected) -> dict[str, Any]:
        return {"error": _error(refusal.kind, refusal.message, refusal.code)}

    def _called(self, call: Call, index: int) -> Iterator[dict[str, Any]]:
        function = _function(call)
        first = {"index": index, "id": self._id(call), "type": "function"}
        yield {"tool_calls": [{**first, "function": {"name": call.tool, "arguments": ""}}]}
        for piece in fragments(function["arguments"], 4):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _id(self, call: Call) -> str:
        return f"call_{next(self._ids)}" if call.id is None else call.id


def _check_messages(messages: object) -> None:
    check(isinstance(messages, list) and messages, "'messages' must not be empty.")
    assert isinstance(messages, list)
    open_calls = set[str]()
    for place, message in enumerate(messages):
        role = message.get("role")
        check(role in {"system", "developer", "user", "assistant", "tool"}, f"role {role!r}")
        if role == "tool":
            called = message.get("tool_call_id")
            check(
                called in open_calls,
                "messages with role 'tool' must be a response to a preceding message with"
                f" 'tool_calls' (messages.{place}).",
            )
            open_calls.discard(called)
            continue
        check(
            not open_calls,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to"
            f" each 'tool_call_id'. The following did not have response messages: {open_calls}",
        )
        if role == "assistant":
            open_calls = _check_calls(message)
            check(message.get("content") or message.get("tool_calls"), "empty assistant message")
        else:
            check(message.get("content"), f"messages.{place}: content must not be empty.")
    check(not open_calls, f"tool calls without a result: {open_calls}")


def _check_calls(message: Mapping[str, Any]) -> set[str]:
    ids = set[str]()
    for call in message.get("tool_calls") or ():
        check(call.get("id") and call["id"] not in ids, "tool call ids must be there and unique")
        ids.add(call["id"])
        try:
            arguments = json.loads(call["function"]["arguments"])
        except ValueError:
            arguments = None
        # OpenAI takes any text here; the templates of open models read it as JSON (vLLM: 400).
        check(isinstance(arguments, dict), "arguments of a tool call must be a JSON object")
    return ids


def _check_roles(messages: list[dict[str, Any]]) -> None:
    roles = [one["role"] for one in messages]
    check("system" not in roles[1:], "System message must be at the beginning.")
    talk = [role for role in roles if role in {"user", "assistant"}]
    wanted = itertools.cycle(("user", "assistant"))
    calls = {n for n, one in enumerate(messages) if one.get("tool_calls")}
    if not calls:
        check(
            all(role == want for role, want in zip(talk, wanted, strict=False)),
            "Conversation roles must alternate user/assistant/user/assistant/...",
        )


def _cut(part: Say) -> Iterator[str]:
    return fragments(part.text, part.pieces)


def _function(call: Call) -> dict[str, str]:
    given = call.arguments
    return {
        "name": call.tool,
        "arguments": given if isinstance(given, str) else json.dumps(given),
    }


def _reason(answer: Answer) -> str:
    if answer.calls and answer.stop == "end":
        return "tool_calls"
    return _STOPS[answer.stop]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _error(kind: str, message: str, code: str | None) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": None, "code": code}
