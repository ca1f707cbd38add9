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
    def kind(self) -> str:
        """What the provider is, as settings name it: `file`, `vault-transit`."""
        ...

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


MARK = b"xerus-kms-1:"
"""How everything begins that a key management service wrapped, before its kind and a colon."""


def wrapped_by(wrapped: bytes) -> str:
    """Return the kind of the provider that wrapped; what has no mark is the key file's."""
    if not wrapped.startswith(MARK):
        return "file"
    kind, colon, _ = wrapped[len(MARK) :][:_LONGEST_KIND].partition(b":")
    return kind.decode("ascii", errors="replace") if colon else "unknown"


_LONGEST_KIND = 40


def refuse_foreign(wrapped: bytes, kind: str) -> None:
    """Refuse what a provider of another kind wrapped.

    Raises:
        WrongKey: names both, and how to move from one to the other.
    """
    other = wrapped_by(wrapped)
    if other != kind:
        raise WrongKey(
            f"The keys in this database were wrapped by `{other}`, but Xerus is set to `{kind}`.",
            hint="Set XERUS_KEY_PROVIDER back to what it was. To move the keys, set "
            "XERUS_KEY_PROVIDER_BEFORE to what it was as well, and run `xerus keys rotate`.",
        )


def associated_data(*parts: str | bytes) -> bytes:
    """Encode the parts so that no two different lists give the same bytes."""
    encoded = [part.encode() if isinstance(part, str) else part for part in ("xerus", *parts)]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)
