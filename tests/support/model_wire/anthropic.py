"""Anthropic's Messages API."""

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
    *("model", "messages", "system", "max_tokens", "tools", "tool_choice", "stream", "metadata"),
    *("temperature", "top_p", "top_k", "stop_sequences", "thinking", "service_tier"),
    *("cache_control", "context_management", "output_config", "betas"),
}
_STOPS: dict[Stop, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "filter": "refusal",
    "refusal": "refusal",
}


class Messages:
    """POST /v1/messages."""

    path = "/v1/messages"

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._signatures: set[str] = set()
        self._thought_before: set[str] = set()

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        check(headers.get("content-type", "").startswith("application/json"), "not JSON")
        check(headers.get("anthropic-version"), "anthropic-version: header is required")
        check_fields(body, _KNOWN)
        check(isinstance(body.get("max_tokens"), int), "max_tokens: Field required")
        for tool in body.get("tools", ()):
            check_tool(tool.get("name"), tool.get("input_schema"), strict=bool(tool.get("strict")))
        check_unique(tool["name"] for tool in body.get("tools", ()))
        self._check_messages(body.get("messages"))

    def said(self, body: Mapping[str, Any]) -> list[str]:
        return [
            text
            for message in body["messages"]
            if message["role"] == "user"
            for text in texts(message["content"])
        ]

    def everything(self, body: Mapping[str, Any]) -> str:
        found = texts(body.get("system"))
        for message in body["messages"]:
            found += texts(message["content"])
            if isinstance(message["content"], list):
                for block in message["content"]:
                    found += texts(block.get("content"))
        return "\n".join(found)

    def whole(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
        usage = answer.usage or Usage()
        return {
            "id": f"msg_{next(self._ids)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [block for block, _ in self._blocks(answer)],
            "stop_reason": _reason(answer),
            "stop_sequence": None,
            "usage": _usage(usage) | {"output_tokens": usage.output},
        }

    def stream(self, answer: Answer, body: Mapping[str, Any]) -> Frames:
        usage = answer.usage or Usage()
        yield _sent(
            "message_start",
            message={
                **self.whole(Answer(()), body),
                "content": [],
                "stop_reason": None,
                "usage": _usage(usage) | {"output_tokens": 1},
            },
        )
        yield _sent("ping")
        blocks = self._blocks(answer)
        index = itertools.count()
        for part in answer.parts:
            match part:
                case Gate() | Cut() | Ends():
                    yield part
                case Garbage():
                    yield event(part.text, "content_block_delta")
                case Fails():
                    yield _sent("error", error={"type": part.kind, "message": part.message})
                    return
                case _:
                    block, deltas = next(blocks)
                    n = next(index)
                    opened = {**block, **_emptied(block)}
                    yield _sent("content_block_start", index=n, content_block=opened)
                    for delta in deltas:
                        yield _sent("content_block_delta", index=n, delta=delta)
                    yield _sent("content_block_stop", index=n)
        yield _sent(
            "message_delta",
            delta={"stop_reason": _reason(answer), "stop_sequence": None},
            usage={"output_tokens": usage.output},
        )
        yield _sent("message_stop")

    def error(self, refusal: Refuse | Rejected) -> dict[str, Any]:
        return {
            "type": "error",
            "error": {"type": refusal.kind, "message": refusal.message},
            "request_id": f"req_{next(self._ids)}",
        }

    def _blocks(self, answer: Answer) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        thought = False
        for part in answer.parts:
            match part:
                case Say():
                    pieces = fragments(part.text, part.pieces)
                    yield (
                        {"type": "text", "text": part.text},
                        [{"type": "text_delta", "text": piece} for piece in pieces],
                    )
                case Think():
                    thought = True
                    signature = f"signature-of-{next(self._ids)}"
                    self._signatures.add(signature)
                    yield (
                        {"type": "thinking", "thinking": part.text, "signature": signature},
                        [
                            {"type": "thinking_delta", "thinking": part.text},
                            {"type": "signature_delta", "signature": signature},
                        ],
                    )
                case Call():
                    call_id = f"toolu_{next(self._ids)}" if part.id is None else part.id
                    if thought:
                        self._thought_before.add(call_id)
                    yield _tool_use(part, call_id)
                case _:
                    pass

    def _check_messages(self, messages: object) -> None:
        check(isinstance(messages, list) and messages, "messages: at least one is required")
        assert isinstance(messages, list)
        check(messages[0]["role"] == "user", "messages: first message must use the user role")
        open_calls = set[str]()
        before = ""
        for place, message in enumerate(messages):
            check(message["role"] in {"user", "assistant"}, f"messages.{place}: role")
            # The API merges neighbours of one role; we hold ourselves to what it documents.
            check(message["role"] != before, f"messages.{place}: roles must alternate")
            before = message["role"]
            blocks = _blocks_of(message["content"])
            check(blocks, f"messages.{place}: content must not be empty")
            results = self._check_blocks(blocks, place)
            check(
                results == open_calls,
                f"messages.{place}: `tool_use` ids were found without `tool_result` blocks"
                f" immediately after, or the other way round: {results ^ open_calls}.",
            )
            calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
            check(len(calls) == len(set(calls)), f"messages.{place}: `tool_use` ids must be unique")
            open_calls = set(calls)
            self._check_thought(blocks, place)
        check(before == "user", "the conversation must end with a user message")

    def _check_blocks(self, blocks: list[dict[str, Any]], place: int) -> set[str]:
        results = list[str]()
        others = False
        for block in blocks:
            match block["type"]:
                case "text":
                    check(block["text"].strip(), "text content blocks must be non-empty")
                    others = True
                case "tool_use":
                    check(isinstance(block["input"], dict), "tool_use.input: must be an object")
                case "tool_result":
                    # In a message with results these come first.
                    check(not others, f"messages.{place}: `tool_result` blocks must come first")
                    results.append(block["tool_use_id"])
                case "thinking":
                    known = block.get("signature") in self._signatures
                    check(known, f"messages.{place}: Invalid `signature` in `thinking` block")
                case kind:
                    check(kind == "redacted_thinking", f"messages.{place}: type {kind!r}")
        check(len(results) == len(set(results)), "each tool_use must have a single result")
        return set(results)

    def _check_thought(self, blocks: list[dict[str, Any]], place: int) -> None:
        calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if calls & self._thought_before:
            check(
                blocks[0]["type"] == "thinking",
                f"messages.{place}: Expected `thinking`, but found `{blocks[0]['type']}`. When"
                " `thinking` is enabled, a final `assistant` message must start with a thinking"
                " block.",
            )


def _sent(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def _tool_use(call: Call, call_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    given = call.arguments
    text = given if isinstance(given, str) else json.dumps(given)
    try:
        arguments = json.loads(text)
    except ValueError:
        arguments = {}
    return (
        {"type": "tool_use", "id": call_id, "name": call.tool, "input": arguments},
        [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in ("", *fragments(text, 4))
        ],
    )


def _blocks_of(content: object) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content) if isinstance(content, list) else []


def _emptied(block: Mapping[str, Any]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            return {"text": ""}
        case "thinking":
            return {"thinking": "", "signature": ""}
        case _:
            return {"input": {}}


def _reason(answer: Answer) -> str:
    return "tool_use" if answer.calls and answer.stop == "end" else _STOPS[answer.stop]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
    }
