"""Opaque strings handed to callers, of which the sandbox keeps only a digest."""

import base64
import hashlib
import secrets


def jwt_like(length: int) -> str:
    """Return a random string of about `length` characters that looks like a JWT and is none."""
    header = base64.urlsafe_b64encode(b'{"kid":"sandbox","typ":"JWT","alg":"RS256"}').decode()
    return f"{header.rstrip('=')}.{secrets.token_urlsafe(length * 3 // 4)}.{random_text(86)}"


def random_text(length: int) -> str:
    """Return random characters [A-Za-z0-9_-]."""
    return secrets.token_urlsafe(length)[:length]


def digest(value: str) -> str:
    """Return the name under which an opaque string is remembered."""
    return hashlib.sha256(value.encode()).hexdigest()


def challenge_of(code_verifier: str) -> str:
    """Return the S256 code_challenge of a verifier. RFC 7636 4.2."""
    hashed = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).decode().rstrip("=")
