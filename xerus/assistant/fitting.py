"""Fits the requests of one run into the model's window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model

from xerus.assistant.shortening import (
    BEGUN_AT,
    CHARACTERS,
    KEPT,
    WORTH_IT,
    Past,
    place_for,
    told,
)
from xerus.assistant.summary import summarised
from xerus.assistant.turns import Turn

_READ = 0.4
"""The share of the window that a summary may be made of."""
_READ_AGAIN = 0.2
"""The same where the window has turned out to be smaller than was thought."""
_DOING = "Summarising earlier messages for the model."


@dataclass(kw_only=True)
class Fitting:
    """Shortens what a run begins with, where it has to, and notes that in its turn.

    Attributes:
        window: tokens that the model can read and write at once; 0 where it is never shortened.
        says: told what the run waits for, and '' when it goes on.
    """

    model: Model
    past: Past
    turn: Turn
    window: int
    says: Callable[[str], None]
    _again: bool = field(default=False, init=False)

    async def begin(self, prompt: str) -> None:
        """Shorten the conversation if it takes too much of the window."""
        worth_it = self.past.tokens() > WORTH_IT * self.window
        if worth_it and self.window and self._tokens(prompt) > BEGUN_AT * self.window:
            place = place_for(self.past, int(KEPT * self.window))
            if place is not None:
                await self._shorten(place, _READ)

    async def once_more(self) -> bool:
        """Cut all that can be cut, because the provider refused; return whether there was any."""
        place = self.past.places[-1] if self.past.places else None
        last = self.turn.shortened
        if self._again or place is None or (last and last.before == place):
            return False
        self._again = True
        await self._shorten(place, _READ_AGAIN)
        return True

    def told(self, messages: Sequence[ModelMessage]) -> list[ModelMessage]:
        """Return the messages of a request as the model gets them."""
        how = self.turn.shortened or self.past.shortened
        return told(messages, self.past, how) if how else list(messages)

    def _tokens(self, prompt: str) -> int:
        return self.past.context + len(prompt) // CHARACTERS

    async def _shorten(self, place: int, share: float) -> None:
        self.says(_DOING)
        self.turn.shortened = await summarised(
            self.model,
            self.past.turns,
            self.past.shortened,
            before=place,
            most=int(share * self.window * CHARACTERS),
        )
        self.says("")
