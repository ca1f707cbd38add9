"""From an error to the words that are stored and shown."""

from datetime import datetime

from xerus.connections.views import Problem
from xerus.errors import XerusError


def problem_of(error: XerusError, correlation_id: str, now: datetime) -> Problem:
    """Return what may be shown of an error; its debug text stays with the logs."""
    return Problem(
        code=error.code,
        message=error.message,
        hint=error.hint,
        correlation_id=correlation_id,
        at=now,
    )
