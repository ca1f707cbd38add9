"""What every key provider does, and the errors a wrong one causes."""

import struct
from typing import Protocol

from xerus.errors import NotConfigured


class WrongKey(NotConfigured):
    """The key provider is not the one that the database's keys were wrapped with."""

    code = "wrong_key"


class KeyProvider(Protocol):
    """Wraps small secrets with a key that never is in the database."""

    @property
    def reference(self) -> str:
        """Name of the wrapping key, not secret; stored beside what it wrapped."""
        ...

    async def wrap(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt `plaintext`, bound to `aad`.

        Raises:
            NotConfigured: the provider's key cannot be used.
            Unavailable: the provider does not answer.
        """
        ...

    async def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypt what `wrap` made with the same `aad`.

        Raises:
            WrongKey: another key, other `aad`, or changed bytes.
            NotConfigured: the provider's key cannot be used.
            Unavailable: the provider does not answer.
        """
        ...


def associated_data(*parts: str | bytes) -> bytes:
    """Encode the parts so that no two different lists give the same bytes."""
    encoded = [part.encode() if isinstance(part, str) else part for part in ("xerus", *parts)]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)
