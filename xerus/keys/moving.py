"""The key provider while keys move from one to another."""

from xerus.keys.provider import KeyProvider, WrongKey, wrapped_by


class MovingProvider:
    """Wraps with the provider `now`, and unwraps what `before` wrapped as well."""

    def __init__(self, *, now: KeyProvider, before: KeyProvider) -> None:
        self._now = now
        self._before = before

    @property
    def kind(self) -> str:
        """The kind of the provider that wraps."""
        return self._now.kind

    @property
    def reference(self) -> str:
        """The key that wraps."""
        return self._now.reference

    async def wrap(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt with the provider `now`."""
        return await self._now.wrap(plaintext, aad)

    async def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypt with whichever of the two wrapped."""
        kind = wrapped_by(wrapped)
        if kind != self._before.kind:
            return await self._now.unwrap(wrapped, aad)
        if kind != self._now.kind:
            return await self._before.unwrap(wrapped, aad)
        try:
            return await self._now.unwrap(wrapped, aad)
        except WrongKey:  # two keys of one service
            return await self._before.unwrap(wrapped, aad)
