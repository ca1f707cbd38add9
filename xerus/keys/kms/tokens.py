"""Credentials that end: asked for again in time, or when a service refuses them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from pydantic import SecretStr

from xerus.keys.kms.calls import Answer

T = TypeVar("T")

_EARLY_SECONDS = 300.0
_LEAST_SECONDS = 10.0


class Renewed(Generic[T]):
    """The credential that `fetch` returns together with the seconds that it lasts."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[tuple[T, float]]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._held: T | None = None
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def get(self, *, other_than: T | None = None) -> T:
        """Return the credential; one that is over, or was refused, is replaced first."""
        async with self._lock:
            held = self._held
            if held is None or held == other_than or self._monotonic() >= self._until:
                held, seconds = await self._fetch()
                self._held = held
                self._until = self._monotonic() + max(seconds - _EARLY_SECONDS, _LEAST_SECONDS)
            return held


def form_headers() -> dict[str, str]:
    """Return the headers of a form, as token endpoints want it."""
    return {"Content-Type": "application/x-www-form-urlencoded"}


def token_of(answer: Answer) -> tuple[SecretStr, float] | None:
    """Return the bearer token in an answer and the seconds it lasts (RFC 6749 5.1)."""
    token, seconds = answer.text("access_token"), answer.body.get("expires_in")
    if not answer.sound or not token or not token.isascii() or not token.isprintable():
        return None
    return SecretStr(token), float(seconds) if isinstance(seconds, int | float) else 0.0
