"""From an error to the words that are stored and shown."""

from datetime import datetime

from xerus.connections.views import Problem
from xerus.errors import XerusError

_OTHER_SIDE = "The other side"


def problem_of(
    error: XerusError, correlation_id: str, now: datetime, *, whom: str = _OTHER_SIDE
) -> Problem:
    """Return what may be shown of an error; its debug text stays with the logs.

    `whom` is the name of the other side: the way out does not know it.
    """
    return Problem(
        code=error.code,
        message=error.message.replace(_OTHER_SIDE, whom),
        hint=error.hint,
        correlation_id=correlation_id,
        at=now,
    )
