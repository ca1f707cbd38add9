"""How a model is asked: a busy one is waited for, what is too long is shortened, ids are made unique."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    RetryModelRequest,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ToolCallPart,
)
from pydantic_ai.models import ModelRequestContext

from xerus.assistant.fitting import Fitting
from xerus.assistant.history import tidied
from xerus.assistant.problems import is_too_long
from xerus.assistant.toolset import BLOCKED
from xerus.ids import new_id

_SPREAD = 0.25
"""Pauses differ by up to this share, so that many who were refused at once do not return at once."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a provider is waited for that cannot answer just now.

    Attributes:
        pauses: seconds before the second attempt at a request, the third and so on, where the
            provider does not say how long.
        longest: seconds that a provider may ask for; one that asks for more is not waited for.
    """

    pauses: tuple[float, ...] = (2.0, 5.0, 10.0)
    longest: float = 30.0

    def pause(self, error: Exception, attempt: int) -> float | None:
        """Return how many seconds to wait after a failed attempt, the first is 1; None to give up."""
        if attempt > len(self.pauses) or not _passes(error):
            return None
        assert isinstance(error, ModelAPIError)
        asked = error.retry_after
        if asked is not None and asked > self.longest:
            return None
        pause = self.pauses[attempt - 1] if asked is None else asked
        return pause * random.uniform(1, 1 + _SPREAD)  # noqa: S311 - no secret


class Asking(AbstractCapability[object]):
    """Stands around each request of one run.

    An attempt that failed before the model said anything is made again; what came after that is
    never asked for twice, because the person has read it already.
    """

    def __init__(
        self, *, patience: Patience, fitting: Fitting, says: Callable[[str], None]
    ) -> None:
        """Make it; `says` is told what the run waits for, and '' when it goes on."""
        self._patience = patience
        self._fitting = fitting
        self._says = says

    async def before_model_request(
        self, ctx: RunContext[object], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """Offer the model no tool that the person blocks; one that it calls all the same says why."""
        del ctx
        offered = request_context.model_request_parameters
        kept = [one for one in offered.function_tools if not (one.metadata or {}).get(BLOCKED)]
        return replace(
            request_context, model_request_parameters=replace(offered, function_tools=kept)
        )

    async def prepare_model_request(
        self, ctx: RunContext[object], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """Fit the messages into the model's window, in a form that every provider takes."""
        del ctx
        request_context.messages = self._fitting.told(tidied(request_context.messages))
        return request_context

    async def on_model_request_error(
        self, ctx: RunContext[object], *, request_context: ModelRequestContext, error: Exception
    ) -> ModelResponse:
        """Wait, or shorten the conversation, and ask once more where that may help.

        Raises:
            RetryModelRequest: it was waited for, or shortened.
        """
        del ctx
        if is_too_long(error) and await self._fitting.once_more():
            raise RetryModelRequest
        pause = self._patience.pause(error, request_context.attempt)
        if pause is None:
            raise error
        self._says(f"{_why(error)} Trying again in {max(1, round(pause))} s.")
        await asyncio.sleep(pause)
        self._says("")
        raise RetryModelRequest

    async def after_model_request(
        self,
        ctx: RunContext[object],
        *,
        request_context: ModelRequestContext,
        response: ModelResponse,
    ) -> ModelResponse:
        """Give calls new ids whose own do not tell them apart, as those of some local servers."""
        del request_context
        return with_own_ids(response, ctx.messages)


def with_own_ids(response: ModelResponse, before: Sequence[ModelMessage]) -> ModelResponse:
    """Return a response in which each call has an id that no other call has."""
    taken = {
        call.tool_call_id
        for message in before
        if isinstance(message, ModelResponse)
        for call in message.tool_calls
    }
    parts = [_with_own_id(part, taken) for part in response.parts]
    return response if parts == list(response.parts) else replace(response, parts=parts)


def _with_own_id(part: ModelResponsePart, taken: set[str]) -> ModelResponsePart:
    if not isinstance(part, ToolCallPart):
        return part
    if not part.tool_call_id or part.tool_call_id in taken:
        part = replace(part, tool_call_id=f"call_{new_id()}")
    taken.add(part.tool_call_id)
    return part


def _passes(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    if is_too_long(error):
        return False
    if isinstance(error, ModelHTTPError) and error.provider_retry_hint is False:
        return False
    if isinstance(error, ModelTimeoutError):
        return error.phase in {"connect", "pool"}  # others have waited for long already
    return isinstance(
        error, ModelRateLimitError | ModelUnavailableError | ModelServerError | ModelConnectionError
    )


def _why(error: Exception) -> str:
    if isinstance(error, ModelConnectionError):
        return "The model's provider cannot be reached."
    if isinstance(error, ModelServerError):
        return "The model's provider had an error."
    return "The model is busy."
