"""How a request that left ended: the errors and the words for metrics that every way out has."""

from xerus.errors import UpstreamUnavailable

_TOO_MANY = 429
_AGAIN = "Try again in a moment."


def outcome_of(status: int) -> str:
    """Return the word for an answer: its status class, or 429 by itself."""
    return "429" if status == _TOO_MANY else f"{status // 100}xx"


def timed_out(who: str, what: str, deadline: float) -> UpstreamUnavailable:
    """Return the error for no whole answer within `deadline` seconds; `what` is for logs."""
    return UpstreamUnavailable(
        f"{who} did not answer in time.",
        code="upstream_timeout",
        hint=_AGAIN,
        debug=f"{what}: no whole answer in {deadline} s",
    )


def unreachable(who: str, what: str, error: Exception) -> UpstreamUnavailable:
    """Return the error for a connection that failed or broke."""
    return UpstreamUnavailable(
        f"{who} cannot be reached.", hint=_AGAIN, debug=f"{what}: {type(error).__name__}"
    )


def too_large(status: int) -> UpstreamUnavailable:
    """Return the error for an answer beyond its bound."""
    return UpstreamUnavailable(
        "The answer is larger than Xerus reads.",
        code="upstream_too_large",
        hint="Ask for less at once.",
        upstream_status=status,
    )
