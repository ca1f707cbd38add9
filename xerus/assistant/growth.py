"""The turn of a run that goes on: what has been said and done so far, also amid a step."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
)
from pydantic_ai.usage import RunUsage

from xerus.assistant.prices import Meter
from xerus.assistant.turns import Turn


class Steps(Protocol):
    """`pydantic_ai.run.AgentRun`."""

    def new_messages(self) -> list[ModelMessage]:
        """Return the messages of the steps that are over."""

    @property
    def usage(self) -> RunUsage:
        """What these used."""


class Reply(Protocol):
    """`pydantic_ai.result.AgentStream`."""

    @property
    def response(self) -> ModelResponse:
        """What the model has written so far."""


class Growth:
    """Fills a turn. The parts are put together only when somebody looks: tokens come too often."""

    def __init__(self, turn: Turn, meter: Meter) -> None:
        self._turn = turn
        self._meter = meter
        self._steps: Steps | None = None
        self._reply: Reply | None = None
        self._results: list[ToolReturnPart] = []

    @property
    def turn(self) -> Turn:
        """The turn as it stands."""
        written = self._steps.new_messages() if self._steps else []
        if self._reply is not None and written:
            written = [*written, self._reply.response]
        if self._results:
            written = [*written, ModelRequest(parts=[*self._results])]
        if written:  # before the first step there are none, and the prompt stays
            self._turn.messages = _usable(written)
        if self._steps:
            self._turn.spent = self._meter.read(self._steps.usage + self._summary)
        return self._turn

    @property
    def _summary(self) -> RunUsage:
        """What the summary of earlier messages used, which a request of its own writes."""
        how = self._turn.shortened
        if how is None or not (how.input_tokens or how.output_tokens):
            return RunUsage()
        return RunUsage(
            requests=1,
            input_tokens=how.input_tokens,
            output_tokens=how.output_tokens,
            cost=how.cost,
        )

    def begin(self, steps: Steps) -> None:
        """Take the messages from here."""
        self._steps = steps

    def write(self, reply: Reply) -> None:
        """Let the turn end with what the model is writing."""
        self._reply = reply

    def add(self, result: ToolReturnPart) -> None:
        """Take the result of a call while others go on."""
        self._results.append(result)

    def step(self) -> None:
        """A step is over: its messages are whole."""
        self._reply, self._results = None, []

    def end(self) -> None:
        """The run is over."""
        self.step()
        _ = self.turn
        self._steps = None


def _usable(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """Return the messages without the parts of an unfinished response that are no use alone.

    A call in it was never made, and its arguments may be half of a JSON text; a thought without
    its signature is refused by its own provider.
    """
    kept: list[ModelMessage] = []
    for message in messages:
        if isinstance(message, ModelResponse) and message.state != "complete":
            texts: list[Any] = [part for part in message.parts if isinstance(part, TextPart)]
            if texts:
                kept.append(replace(message, parts=texts))
        else:
            kept.append(message)
    return kept
