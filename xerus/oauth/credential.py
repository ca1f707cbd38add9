"""How Xerus proves at the identity provider that it is itself: by a secret, or by a certificate."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from xerus.errors import NotConfigured

_ALGORITHM = "PS256"
_LIFE = timedelta(minutes=5)
_EARLY = timedelta(minutes=1)
_LEAST_BITS = 2048
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_END = "-----END CERTIFICATE-----"


class ClientCredential(Protocol):
    """What is sent along with each request to the token endpoint."""

    def fields(self, *, client_id: str, audience: str, now: datetime) -> dict[str, str]:
        """Return the form fields; `audience` is the token endpoint."""
        ...


class ClientSecret:
    """`client_secret_post` (RFC 6749 2.3.1)."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret

    def fields(self, *, client_id: str, audience: str, now: datetime) -> dict[str, str]:
        """Return the secret."""
        del client_id, audience, now
        return {"client_secret": self._secret.get_secret_value()}


class ClientCertificate:
    """`private_key_jwt` (OpenID Connect Core 9), in the form that Entra ID asks for: PS256, x5t#S256."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.ends_at = certificate.not_valid_after_utc
        self._key = RSAKey.import_key(pem)
        self._thumbprint = _base64(certificate.fingerprint(hashes.SHA256()))

    def fields(self, *, client_id: str, audience: str, now: datetime) -> dict[str, str]:
        """Return an assertion that is good for five minutes and for one request."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(24),
            "iat": int(now.timestamp()),
            "nbf": int((now - _EARLY).timestamp()),
            "exp": int((now + _LIFE).timestamp()),
        }
        header = {"alg": _ALGORITHM, "typ": "JWT", "x5t#S256": self._thumbprint}
        assertion = jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])
        return {"client_assertion_type": _BEARER, "client_assertion": assertion}


def certificate_from_pem(pem: SecretStr, *, now: datetime) -> ClientCertificate:
    """Read a private key and its certificate out of one PEM text, in any order.

    Raises:
        NotConfigured: says what is wrong with it; nothing of it is shown.
    """
    text = pem.get_secret_value()
    key, certificate = _private_key(text), _certificate(text)
    if certificate.public_key() != key.public_key():
        raise _wrong("holds a certificate that does not belong to its key")
    if now >= certificate.not_valid_after_utc:
        raise _wrong(
            f"holds a certificate that ended on {certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    if now < certificate.not_valid_before_utc:
        raise _wrong(
            f"holds a certificate that begins on {certificate.not_valid_before_utc:%Y-%m-%d}"
        )
    return ClientCertificate(key, certificate)


def _private_key(text: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(text[_begin_of_key(text) :].encode(), None)
    except TypeError as error:
        raise _wrong("holds a private key that is protected by a password") from error
    except ValueError as error:
        raise _wrong("holds no private key that can be read") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise _wrong("holds a key that is not RSA with at least 2048 bits")
    return key


def _begin_of_key(text: str) -> int:
    """Return where the private key begins: what stands before it may be the certificate."""
    end = text.find("PRIVATE KEY-----")
    return max(text.rfind("-----BEGIN", 0, max(end, 0)), 0)


def _certificate(text: str) -> x509.Certificate:
    begin = max(text.find("-----BEGIN CERTIFICATE-----"), 0)
    try:
        return x509.load_pem_x509_certificate(text[begin:].partition(_END)[0].encode() + _TAIL)
    except ValueError as error:
        raise _wrong("holds no certificate that can be read") from error


_TAIL = f"{_END}\n".encode()


def _wrong(what: str) -> NotConfigured:
    return NotConfigured(
        f"ENTRA_ID_CLIENT_CERTIFICATE {what}.",
        hint="Give a PEM text with an RSA private key without password and its valid certificate, "
        "the same that is registered under Certificates & secrets at Entra ID.",
    )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
