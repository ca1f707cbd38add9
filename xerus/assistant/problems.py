"""Failures of a run, in words for the person."""

import re

from mcp.shared.exceptions import MCPError
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    OutputTokenLimitExceeded,
    UnexpectedModelBehavior,
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

_ELSEWHERE = "Put it another way, or ask for something else."
_OF_MODEL: tuple[tuple[type[AgentRunError], str, str], ...] = (
    (
        ModelAuthenticationError,
        "The model's provider refused the key of this installation.",
        "An administrator has to check the API key of this provider.",
    ),
    (
        ModelNotFoundError,
        "The model's provider does not know the model.",
        "An administrator has to check the name in XERUS_MODEL or XERUS_MODELS.",
    ),
    (
        ModelContextWindowExceededError,
        "This conversation has become too long for the model.",
        "Start a new conversation, or ask for less at once.",
    ),
    (
        ModelRequestRejectedError,
        "The model's provider did not accept the request.",
        f"{_ELSEWHERE} If it happens again, tell your administrator the reference.",
    ),
    (
        ModelQuotaExceededError,
        "The quota at the model's provider is used up.",
        "An administrator has to look at the provider's account.",
    ),
    (ModelRateLimitError, "The model's provider is busy.", f"Wait a minute. {AGAIN}"),
    (ModelUnavailableError, "The model's provider has too much to do.", f"Wait a minute. {AGAIN}"),
    (ModelServerError, "The model's provider had an error of its own.", f"Wait a minute. {AGAIN}"),
    (ModelTimeoutError, "The model's provider did not answer in time.", AGAIN),
    (ModelConnectionError, "The connection to the model's provider broke off.", AGAIN),
    (ModelAPIError, "The model's provider does not answer as it should.", AGAIN),
    (
        UsageLimitExceeded,
        "The model took too many steps without coming to an answer.",
        "Ask for less at once.",
    ),
    (
        OutputTokenLimitExceeded,
        "The model had written as much as it may before it came to an answer.",
        "Ask for less at once.",
    ),
    (ContentFilterError, "The model declined to answer this.", _ELSEWHERE),
)
_UNREACHED = "The model's provider cannot be reached."
_NO_TOOLS = "The model cannot use tools, and without them Xerus can do nothing."
_EMPTY = "The model gave no answer."
_MISUSED = "The model called a tool in a way that does not work, and did so again and again."
_A_WHILE = 90
_HOUR = 60
_NOTHING = "Exceeded maximum output retries"
_AGAIN_AND_AGAIN = "exceeded max retries"
"""How pydantic-ai says so."""
_LONG = re.compile(
    r"context (?:length|size|window)|maximum context|prompt is too long|too many (?:input )?tokens"
)
"""How servers say so that have no code for it: llama.cpp, LM Studio, gateways."""


def is_too_long(error: BaseException) -> bool:
    """Whether a provider refused a request because there is more in it than the model can read."""
    if isinstance(error, ModelContextWindowExceededError):
        return True
    refused = isinstance(error, ModelRequestRejectedError | ModelServerError)
    return refused and bool(_LONG.search(str(error).lower()))


def refused() -> Problem:
    """Return what the person reads where the model, or its provider's filter, would not go on."""
    return Problem(
        message="The model declined to go on with this answer.",
        hint=f"What is there may be incomplete. {_ELSEWHERE}",
    )


def unfinished() -> Problem:
    """Return what the person reads where an answer ended without its end."""
    return Problem(
        message="The connection to the model's provider broke off.",
        hint=f"What is there may be incomplete. {AGAIN}",
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
    if is_too_long(error):
        error = ModelContextWindowExceededError("", "")
    if special := _special(error):
        return special
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


def _special(error: BaseException) -> tuple[str, str] | None:
    """Return the words about what its kind alone does not say."""
    match error:
        case ModelRequestRejectedError() if "support tools" in str(error).lower():
            return _NO_TOOLS, "An administrator has to set up another one."
        case ModelRateLimitError(retry_after=float(seconds)) if seconds > _A_WHILE:
            return "The model's provider is busy.", f"It asks to wait {_while(seconds)}. {AGAIN}"
        case ModelConnectionError(phase="connect"):
            return _UNREACHED, f"Wait a minute. {AGAIN}"
        case UnexpectedModelBehavior() if error.message.startswith(_NOTHING):
            return _EMPTY, AGAIN
        case UnexpectedModelBehavior() if _AGAIN_AND_AGAIN in error.message:
            return _MISUSED, AGAIN
        case _:
            return None


def _while(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < _HOUR:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    hours = round(minutes / _HOUR)
    return f"{hours} hour{'s' if hours > 1 else ''}"
