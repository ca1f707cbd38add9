"""Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 2.1.1 forbids `plain`)."""

import base64
import hashlib
import hmac
import re
import secrets

METHOD = "S256"
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636 4.1
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")  # a SHA-256, base64url without padding


def new_verifier() -> str:
    """Return a code verifier with 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_challenge(value: str) -> bool:
    """Tell whether `value` has the form of an S256 challenge."""
    return _CHALLENGE.fullmatch(value) is not None


def verify(verifier: str, expected: str) -> bool:
    """Tell whether `verifier` belongs to the challenge `expected` (RFC 7636 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    return hmac.compare_digest(challenge(verifier), expected)
