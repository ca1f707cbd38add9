"""The key provider over a key management service: a fresh key per secret, wrapped by the service.

Stored: mark, kind and a colon | length of the wrapped key, 2 bytes | wrapped key | nonce, 12 bytes |
AES-256-GCM of the secret. Everything before the nonce is authenticated along with the caller's data.
"""

import hashlib
import hmac
import secrets
import struct
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xerus.errors import NotConfigured
from xerus.keys.provider import MARK, WrongKey, refuse_foreign

_KEY_BYTES = 32
_NONCE_BYTES = 12
_LENGTH = struct.Struct(">H")


class KeyService(Protocol):
    """Encrypts and decrypts 32 bytes with a key that never leaves the service.

    `context` is 32 bytes that a service binds along where it can.
    """

    @property
    def kind(self) -> str:
        """The name of the service in settings."""
        ...

    @property
    def reference(self) -> str:
        """The name of the key in settings; no secret."""
        ...

    async def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with the key's newest version.

        Raises:
            NotConfigured: the service refuses; says why and what to do.
            Unavailable: the service does not answer.
        """
        ...

    async def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt what any version of the key encrypted.

        Raises:
            WrongKey: another key, another context, or changed bytes.
            NotConfigured: the service refuses; says why and what to do.
            Unavailable: the service does not answer.
        """
        ...


class ServiceKeyProvider:
    """A `KeyProvider` whose wrapping key is in a key management service."""

    def __init__(self, service: KeyService) -> None:
        self._service = service

    @property
    def kind(self) -> str:
        """The kind of the service."""
        return self._service.kind

    @property
    def reference(self) -> str:
        """The name of the key in the service."""
        return self._service.reference

    async def wrap(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt `plaintext`, bound to `aad`; what is returned was opened once.

        A key that may encrypt and not decrypt would lose everything that is wrapped with it.
        """
        key, context = secrets.token_bytes(_KEY_BYTES), _context(aad)
        wrapped = await self._service.encrypt(key, context)
        opened = await self._service.decrypt(wrapped, context)
        if not hmac.compare_digest(opened, key):
            raise NotConfigured(
                f"The key {self.reference} does not give back what it encrypted.",
                hint="Check that the address is that of the real service.",
            )
        head = MARK + self.kind.encode() + b":" + _LENGTH.pack(len(wrapped)) + wrapped
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return head + nonce + AESGCM(key).encrypt(nonce, plaintext, head + aad)

    async def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypt what `wrap` made."""
        refuse_foreign(wrapped, self.kind)
        begin = len(MARK) + len(self.kind) + 1
        size = wrapped[begin : begin + _LENGTH.size]
        if len(size) < _LENGTH.size:
            raise wrong_key(self.reference)
        end = begin + _LENGTH.size + _LENGTH.unpack(size)[0]
        head, nonce, body = (
            wrapped[:end],
            wrapped[end:][:_NONCE_BYTES],
            wrapped[end:][_NONCE_BYTES:],
        )
        key = await self._service.decrypt(head[begin + _LENGTH.size :], _context(aad))
        try:
            return AESGCM(key).decrypt(nonce, body, head + aad)
        except (InvalidTag, ValueError) as error:
            raise wrong_key(self.reference) from error


def wrong_key(reference: str, *, debug: str = "") -> WrongKey:
    """Return the error for what a key does not open."""
    return WrongKey(
        f"The key {reference} does not open the keys in this database.",
        hint="They were wrapped with another key, or changed. Set XERUS_KEY_PROVIDER to the key they "
        "were wrapped with, or restore the database that belongs to this one.",
        debug=debug,
    )


def _context(aad: bytes) -> bytes:
    return hashlib.sha256(aad).digest()
