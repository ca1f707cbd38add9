"""What a wire format is to the server that speaks it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from tests.support.model_answers import Answer, Cut, Ends, Gate, Refuse
from tests.support.model_wire.checks import Rejected

Frames: TypeAlias = Iterator[bytes | Gate | Cut | Ends]


class Wire(Protocol):
    """One API of a provider."""

    path: str

    def check(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Refuse what the real API refuses.

        Raises:
            Rejected: with the real one's status and words.
        """

    def said(self, body: Mapping[str, Any]) -> list[str]:
        """Return what the person wrote, oldest first."""

    def everything(self, body: Mapping[str, Any]) -> str:
        """Return all that the model gets to read, instructions and results included."""

    def whole(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer in one piece."""

    def stream(self, answer: Answer, body: Mapping[str, Any]) -> Frames:
        """Yield an answer as server-sent events."""

    def error(self, refusal: Refuse | Rejected) -> dict[str, Any]:
        """Return the body of an HTTP error."""


def event(data: Mapping[str, Any] | str, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    text = data if isinstance(data, str) else json.dumps(data)
    return f"{head}data: {text}\n\n".encode()


def texts(content: object) -> list[str]:
    """Return the texts of a message's content, which is a string or a list of blocks."""
    if isinstance(content, str):
        return [content]
    blocks = content if isinstance(content, list) else []
    return [str(block["text"]) for block in blocks if isinstance(block, dict) and "text" in block]
