"""Types of the identifiers, and how new ones and new secrets are made."""

import hashlib
import secrets
import uuid
from typing import NewType

UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)
ClientId = NewType("ClientId", str)
FamilyId = NewType("FamilyId", str)
ConnectionId = NewType("ConnectionId", str)
FlowId = NewType("FlowId", str)
CloudId = NewType("CloudId", str)
RemoteServerId = NewType("RemoteServerId", str)

_SECRET_BYTES = 32


def new_id() -> str:
    """Return a random identifier (UUID version 4, canonical text form)."""
    return str(uuid.uuid4())


def is_id(value: object) -> bool:
    """Tell whether a value from outside has the form that `new_id` gives."""
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def new_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_hash(secret: str) -> bytes:
    """Return the SHA-256 of a random secret: what the database keeps to find it again.

    Sound only for secrets with full entropy, such as those of `new_secret`.
    """
    return hashlib.sha256(secret.encode()).digest()


def correlation_id() -> str:
    """Return a short id that a person can read out to support: 12 hexadecimal digits."""
    return secrets.token_hex(6)
