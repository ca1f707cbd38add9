"""A provider's model that gets the two sides of a conversation in turns.

The chat templates of several open models take nothing else. The demo model is no provider's and goes
by the person's texts one by one.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    RetryFeedbackPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel


class Alternating(WrapperModel):
    """Has one text of the person's side where several follow each other."""

    def prepare_messages(
        self,
        messages: list[ModelMessage],
        model_request_parameters: ModelRequestParameters | None = None,
    ) -> list[ModelMessage]:
        """Return the messages as they are sent."""
        return super().prepare_messages(joined(messages), model_request_parameters)


def joined(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """Return the messages with one text of the person's side where several follow each other."""
    found: list[ModelMessage] = []
    for message in messages:
        if not isinstance(message, ModelRequest):
            found.append(message)
            continue
        before = found.pop() if found and isinstance(found[-1], ModelRequest) else None
        parts = [*(before.parts if isinstance(before, ModelRequest) else ()), *message.parts]
        found.append(replace(message, parts=_in_one(parts)))
    return found


def _in_one(parts: Sequence[ModelRequestPart]) -> list[ModelRequestPart]:
    found: list[ModelRequestPart] = []
    for part in parts:
        told = (
            UserPromptPart(part.model_response()) if isinstance(part, RetryFeedbackPart) else part
        )
        last = found[-1] if found else None
        if (
            isinstance(told, UserPromptPart)
            and isinstance(last, UserPromptPart)
            and isinstance(told.content, str)
            and isinstance(last.content, str)
        ):
            found[-1] = replace(last, content=f"{last.content}\n\n{told.content}")
        else:
            found.append(told)
    return found
