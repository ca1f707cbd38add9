"""Failures of a run, in words for the person."""

from mcp.shared.exceptions import MCPError
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    UsageLimitExceeded,
)

from xerus.assistant.turns import Problem
from xerus.errors import XerusError
from xerus.ids import correlation_id
from xerus.telemetry.logs import logger

_log = logger(__name__)

AGAIN = "Nothing you wrote is lost. Choose Retry, or write something else."
EXPECTED = (AgentRunError, MCPError, XerusError, TimeoutError, OSError)
"""What a run may raise without a defect of ours."""

_OF_MODEL: tuple[tuple[type[AgentRunError], str, str], ...] = (
    (
        ModelAuthenticationError,
        "The model's provider refused the key of this installation.",
        "An administrator has to check the API key that belongs to XERUS_MODEL.",
    ),
    (
        ModelNotFoundError,
        "The model's provider does not know the model.",
        "An administrator has to check XERUS_MODEL.",
    ),
    (
        ModelContextWindowExceededError,
        "This conversation has become too long for the model.",
        "Start a new conversation.",
    ),
    (
        ModelQuotaExceededError,
        "The quota at the model's provider is used up.",
        "An administrator has to look at the provider's account.",
    ),
    (
        ModelRateLimitError,
        "The model's provider is busy.",
        f"Wait a minute. {AGAIN}",
    ),
    (ModelAPIError, "The model's provider does not answer as it should.", AGAIN),
    (
        UsageLimitExceeded,
        "The model took too many steps without coming to an answer.",
        "Ask for less at once.",
    ),
)


def noted(error: BaseException) -> Problem:
    """Log one of `EXPECTED`, and return what the person reads about it."""
    reference = correlation_id()
    _log.warning(
        "assistant_run_failed",
        error=type(error).__name__,
        cause=getattr(error, "provider_error_code", None) or getattr(error, "code", None),
        status=getattr(error, "status_code", None),
        correlation_id=reference,
    )
    return problem_of(error, reference)


def broken() -> Problem:
    """Log the defect that is being handled, and return what the person reads about it."""
    reference = correlation_id()
    _log.exception("assistant_run_broken", correlation_id=reference)
    return Problem(
        message="Xerus made a mistake. It is logged.",
        hint=f"{AGAIN} If it happens again, tell your administrator the reference.",
        correlation_id=reference,
    )


def problem_of(error: BaseException, correlation_id: str) -> Problem:
    """Return what the person reads about one of `EXPECTED`."""
    message, hint = _words(error)
    return Problem(message=message, hint=hint, correlation_id=correlation_id)


def _words(error: BaseException) -> tuple[str, str]:
    for kind, message, hint in _OF_MODEL:
        if isinstance(error, kind):
            return message, hint
    match error:
        case XerusError():
            return error.message, error.hint
        case TimeoutError():
            return "This took too long and was stopped.", AGAIN
        case AgentRunError():
            return "The model's answer could not be used.", AGAIN
        case _:
            return "Xerus could not reach its own tools.", AGAIN
