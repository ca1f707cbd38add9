"""OpenAI's Responses API, without state at the provider: the whole conversation in each request."""

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
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "stream"),
    *("stream_options", "temperature", "top_p", "max_output_tokens", "store", "include", "text"),
    *("reasoning", "truncation", "metadata", "previous_response_id", "prompt_cache_key"),
    *("service_tier", "safety_identifier", "user", "background", "prompt_cache_options"),
}
_INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}


class Responses:
    """POST /responses."""

    path = "/responses"

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._thought_before: dict[str, str] = {}

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        check(headers.get("content-type", "").startswith("application/json"), "not JSON")
        check_fields(body, _KNOWN)
        for tool in body.get("tools", ()):
            check(tool.get("type") == "function", "Only functions are simulated.")
            check_tool(tool.get("name"), tool.get("parameters"), strict=bool(tool.get("strict")))
        check_unique(tool["name"] for tool in body.get("tools", ()))
        check(isinstance(body.get("input"), list) and body["input"], "'input' must not be empty.")
        self._check_items(body["input"])

    def said(self, body: Mapping[str, Any]) -> list[str]:
        return [
            text
            for item in body["input"]
            if item.get("role") == "user"
            for text in texts(item.get("content"))
        ]

    def everything(self, body: Mapping[str, Any]) -> str:
        found = [str(body.get("instructions") or "")]
        for item in body["input"]:
            found += texts(item.get("content")) + texts(item.get("output"))
        return "\n".join(found)

    def whole(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
        items = [item for item, _ in self._items(answer)]
        return self._response(answer, body, items, self._end(answer))

    def stream(self, answer: Answer, body: Mapping[str, Any]) -> Frames:
        numbers = itertools.count()
        response_id = f"resp_{next(self._ids)}"

        def sent(kind: str, **fields: Any) -> bytes:
            return event({"type": kind, "sequence_number": next(numbers), **fields}, kind)

        begun = self._response(answer, body, [], "in_progress", response_id)
        yield sent("response.created", response=begun)
        yield sent("response.in_progress", response=begun)
        done: list[dict[str, Any]] = []
        items = self._items(answer)
        for part in answer.parts:
            match part:
                case Gate() | Cut() | Ends():
                    yield part
                case Garbage():
                    yield event(part.text, "response.output_text.delta")
                case Fails():
                    yield sent("error", code=part.kind, message=part.message, param=None)
                    return
                case _:
                    item, deltas = next(items)
                    place = len(done)
                    opened = {**item, "status": "in_progress"} | _emptied(item)
                    yield sent("response.output_item.added", output_index=place, item=opened)
                    for kind, fields in deltas:
                        yield sent(kind, item_id=item["id"], output_index=place, **fields)
                    yield sent("response.output_item.done", output_index=place, item=item)
                    done.append(item)
        status = self._end(answer)
        ended = self._response(answer, body, done, status, response_id)
        yield sent(f"response.{status}", response=ended)

    def error(self, refusal: Refuse | Rejected) -> dict[str, Any]:
        return {
            "error": {
                "message": refusal.message,
                "type": refusal.kind,
                "param": None,
                "code": refusal.code,
            }
        }

    def _items(self, answer: Answer) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        thought = ""
        for part in answer.parts:
            match part:
                case Say():
                    yield self._message(part, refuses=answer.stop == "refusal")
                case Think():
                    item, deltas = self._reasoning(part)
                    thought = item["id"]
                    yield item, deltas
                case Call():
                    item, deltas = self._function_call(part)
                    if thought:
                        self._thought_before[item["id"]] = thought
                    yield item, deltas
                case _:
                    pass

    def _message(self, part: Say, *, refuses: bool) -> tuple[dict[str, Any], list[Any]]:
        kind, name = ("refusal", "refusal") if refuses else ("output_text", "text")
        content: dict[str, Any] = {"type": kind, name: part.text}
        if not refuses:
            content |= {"annotations": [], "logprobs": []}
        item = {
            "id": f"msg_{next(self._ids)}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [content],
        }
        where: dict[str, Any] = {"content_index": 0}
        extra: dict[str, Any] = {} if refuses else {"logprobs": []}
        deltas: list[Any] = [
            ("response.content_part.added", {**where, "part": {**content, name: ""}}),
            *(
                (f"response.{kind}.delta", {**where, **extra, "delta": piece})
                for piece in fragments(part.text, part.pieces)
            ),
            (f"response.{kind}.done", {**where, **extra, name: part.text}),
            ("response.content_part.done", {**where, "part": content}),
        ]
        return item, deltas

    def _reasoning(self, part: Think) -> tuple[dict[str, Any], list[Any]]:
        item = {
            "id": f"rs_{next(self._ids)}",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": part.text}],
            "encrypted_content": f"sealed:{part.text[::-1]}",
        }
        where: dict[str, Any] = {"summary_index": 0}
        piece = {"type": "summary_text", "text": part.text}
        return item, [
            ("response.reasoning_summary_part.added", {**where, "part": {**piece, "text": ""}}),
            ("response.reasoning_summary_text.delta", {**where, "delta": part.text}),
            ("response.reasoning_summary_text.done", {**where, "text": part.text}),
            ("response.reasoning_summary_part.done", {**where, "part": piece}),
        ]

    def _function_call(self, call: Call) -> tuple[dict[str, Any], list[Any]]:
        given = call.arguments
        arguments = given if isinstance(given, str) else json.dumps(given)
        item = {
            "id": f"fc_{next(self._ids)}",
            "type": "function_call",
            "status": "completed",
            "name": call.tool,
            "call_id": f"call_{next(self._ids)}" if call.id is None else call.id,
            "arguments": arguments,
        }
        return item, [
            *(
                ("response.function_call_arguments.delta", {"delta": piece})
                for piece in fragments(arguments, 4)
            ),
            (
                "response.function_call_arguments.done",
                {"arguments": arguments, "name": call.tool},
            ),
        ]

    def _response(
        self,
        answer: Answer,
        body: Mapping[str, Any],
        items: list[dict[str, Any]],
        status: str,
        response_id: str | None = None,
    ) -> dict[str, Any]:
        ended = status in {"completed", "incomplete"}
        reason = _INCOMPLETE.get(answer.stop)
        return {
            "id": response_id or f"resp_{next(self._ids)}",
            "object": "response",
            "created_at": 1_800_000_000,
            "model": body["model"],
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if ended and reason else None,
            "instructions": body.get("instructions"),
            "metadata": {},
            "output": items,
            "parallel_tool_calls": True,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": _usage(answer.usage) if ended and answer.usage else None,
        }

    def _end(self, answer: Answer) -> str:
        return "incomplete" if answer.stop in _INCOMPLETE else "completed"

    def _check_items(self, items: list[dict[str, Any]]) -> None:
        called = {item["call_id"] for item in items if item.get("type") == "function_call"}
        given = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
        for call_id in called:
            check(given.count(call_id) == 1, f"No tool output found for function call {call_id}.")
        for call_id in given:
            check(call_id in called, f"No tool call found for function call output {call_id}.")
        thoughts = {item.get("id") for item in items if item.get("type") == "reasoning"}
        for item in items:
            wanted = self._thought_before.get(item.get("id", ""))
            check(
                wanted is None or wanted in thoughts,
                f"Item '{item.get('id')}' of type 'function_call' was provided without its required"
                f" 'reasoning' item: '{wanted}'.",
            )
            if item.get("role") == "user":
                check(item.get("content"), "content must not be empty")


def _emptied(item: Mapping[str, Any]) -> dict[str, Any]:
    match item["type"]:
        case "message":
            return {"content": []}
        case "reasoning":
            return {"summary": [], "encrypted_content": None}
        case _:
            return {"arguments": ""}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
