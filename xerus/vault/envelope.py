"""The format of a sealed value: version | key id | nonce | AES-256-GCM ciphertext and tag."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xerus.errors import XerusError
from xerus.keys.provider import associated_data

VERSION = 1
KEY_BYTES = 32
_NONCE = slice(17, 29)
_BODY = slice(29, None)
_SHORTEST = 29 + 16


class SealBroken(XerusError):
    """A sealed value does not open: changed bytes, another row, or a key that is gone."""

    code = "seal_broken"


@dataclass(frozen=True, kw_only=True)
class Binding:
    """Where a sealed value belongs; it opens nowhere else.

    `row_id` is the primary key of the row, `user_id` its owner, `provider` the outside service
    whose secret it is ("atlassian", "entra").
    """

    table: str
    column: str
    row_id: str
    user_id: str = ""
    provider: str = ""


def seal(plaintext: bytes, binding: Binding, *, key_id: UUID, key: bytes) -> bytes:
    """Encrypt `plaintext` under `key`, bound to `binding` and to the key's id."""
    # Random 96-bit nonces are safe for 2^32 values per key (NIST SP 800-38D 8.3).
    nonce = secrets.token_bytes(12)
    header = bytes([VERSION]) + key_id.bytes
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, _aad(binding, header))


def key_id_of(sealed: bytes) -> UUID:
    """Return the id of the data key that `sealed` needs.

    Raises:
        SealBroken: not a sealed value of a version we know.
    """
    if len(sealed) < _SHORTEST or sealed[0] != VERSION:
        raise SealBroken("A stored secret cannot be read.", debug="not a sealed value")
    return UUID(bytes=sealed[1:17])


def unseal(sealed: bytes, binding: Binding, *, key: bytes) -> bytes:
    """Decrypt `sealed`.

    Raises:
        SealBroken: the bytes or the binding are not those of the sealing.
    """
    try:
        return AESGCM(key).decrypt(sealed[_NONCE], sealed[_BODY], _aad(binding, sealed[:17]))
    except InvalidTag as error:
        raise SealBroken(
            "A stored secret cannot be read.",
            hint="Connect the account again; tell the operator, the database was changed.",
            debug=f"{binding.table}.{binding.column} row {binding.row_id}",
        ) from error


def _aad(binding: Binding, header: bytes) -> bytes:
    return associated_data(
        header,
        binding.table,
        binding.column,
        binding.user_id,
        binding.provider,
        binding.row_id,
    )
