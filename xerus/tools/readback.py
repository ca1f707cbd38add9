"""Reading back what was written: a failure of that must not look like a failure of the write."""

from collections.abc import Awaitable
from typing import TypeVar

from xerus.errors import XerusError

T = TypeVar("T")


async def read_back(reading: Awaitable[T], *, otherwise: T) -> tuple[T, str]:
    """Return what was read and '', or `otherwise` and a sentence that says why.

    The write has happened by now; an error here would invite the caller to repeat it.
    """
    try:
        return await reading, ""
    except XerusError as error:
        return otherwise, f"Do not repeat it; only reading it back failed: {error.message} "
