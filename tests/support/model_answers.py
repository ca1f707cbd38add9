"""What a simulated model says: the pieces of an answer, in the order in which they are sent."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Stop = Literal["end", "length", "filter", "refusal"]


@dataclass(frozen=True)
class Say:
    """Text, streamed in about so many pieces."""

    text: str
    pieces: int = 3


@dataclass(frozen=True)
class Think:
    """Reasoning, which the provider wants back with the calls that follow it."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call of a tool; several in one answer are parallel calls.

    Attributes:
        arguments: an object, or exactly this text where a model is sloppy.
        id: None for one of the provider's own making; local servers also send empty ones.
    """

    tool: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None


class Gate:
    """A point in the stream that the test opens; `reached` is set once the stream has come to it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._open = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    async def passed(self) -> None:
        self.reached.set()
        await self._open.wait()


@dataclass(frozen=True)
class Cut:
    """The connection breaks here, without an end."""


@dataclass(frozen=True)
class Ends:
    """The stream ends here in good order, but before the answer does."""


@dataclass(frozen=True)
class Garbage:
    """A chunk that is no JSON."""

    text: str = '{"this is": not JSON'


@dataclass(frozen=True)
class Fails:
    """An error inside a stream that began with 200; `kind` as the provider names it."""

    kind: str
    message: str = "Something went wrong at the provider."


Part: TypeAlias = Say | Think | Call | Gate | Cut | Ends | Garbage | Fails


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counts them; `cached` are among `input`, `reasoning` among `output`."""

    input: int = 120
    cached: int = 0
    output: int = 20
    reasoning: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer of the model. `usage` None: the server tells none, as some local ones do."""

    parts: tuple[Part, ...]
    stop: Stop = "end"
    usage: Usage | None = field(default_factory=Usage)

    @property
    def calls(self) -> list[Call]:
        return [part for part in self.parts if isinstance(part, Call)]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Say))


@dataclass(frozen=True)
class Refuse:
    """An HTTP error in place of an answer; `code` and `kind` as the provider names them."""

    status: int
    kind: str = ""
    message: str = "The provider says no."
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    """Exactly this text instead of the provider's JSON, as a gateway before it answers."""


def fragments(text: str, pieces: int) -> Iterator[str]:
    """Cut a text into about so many pieces, which joined are the text."""
    size = max(1, -(-len(text) // max(1, pieces)))
    for start in range(0, len(text), size):
        yield text[start : start + size]
