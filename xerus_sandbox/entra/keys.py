"""Signing keys in Entra's shape, and the tokens they sign."""

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated.entra.example")])
_YEARS_VALID = dt.timedelta(days=5 * 365)


def b64(data: bytes) -> str:
    """Return base64url without padding. RFC 7515 2."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def b64_bytes(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """An RSA key with its self-signed certificate."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    """DER."""

    @classmethod
    def generate(cls, now: float) -> "SigningKey":
        """Make a new key; takes some tens of milliseconds."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        start = dt.datetime.fromtimestamp(now, tz=dt.UTC).replace(microsecond=0)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_NAME)
            .issuer_name(_NAME)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + _YEARS_VALID)
            .sign(key, hashes.SHA256())
        )
        return cls(key=key, certificate=certificate.public_bytes(serialization.Encoding.DER))

    @property
    def kid(self) -> str:
        """The certificate's thumbprint, as at Entra."""
        return b64(hashlib.sha1(self.certificate, usedforsecurity=False).digest())

    def jwk(self, issuer: str) -> dict[str, Any]:
        """Return the public half as Entra lists it, `issuer` member included."""
        public = self.key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": b64(public.n.to_bytes((public.n.bit_length() + 7) // 8)),
            "e": b64(public.e.to_bytes(3)),
            "x5c": [base64.b64encode(self.certificate).decode()],
            "cloud_instance_name": "microsoftonline.com",
            "issuer": issuer,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a verifiable RS256 token."""
        header = {"typ": "JWT", "alg": "RS256", "kid": self.kid}
        return self._sign(header, header, claims)

    def sign_for_graph(self, claims: dict[str, Any], nonce: str) -> str:
        """Return a token that only Graph can verify.

        It is signed over a header with the nonce's digest and delivered with the nonce itself, so
        that the signature does not hold as delivered (facts d2).
        """
        delivered = {"typ": "JWT", "nonce": nonce, "alg": "RS256", "x5t": self.kid, "kid": self.kid}
        return self._sign(delivered, _with_nonce_digest(delivered), claims)

    def _sign(
        self, delivered: dict[str, Any], signed: dict[str, Any], claims: dict[str, Any]
    ) -> str:
        payload = b64(orjson.dumps(claims))
        message = f"{b64(orjson.dumps(signed))}.{payload}".encode()
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return f"{b64(orjson.dumps(delivered))}.{payload}.{b64(signature)}"

    def to_json(self) -> dict[str, str]:
        """Return the key as it is saved."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "key": private.decode(),
            "certificate": base64.b64encode(self.certificate).decode(),
        }

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "SigningKey":
        """Take back a saved key."""
        key = serialization.load_pem_private_key(data["key"].encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(key=key, certificate=base64.b64decode(data["certificate"]))


def _with_nonce_digest(header: dict[str, Any]) -> dict[str, Any]:
    return {**header, "nonce": b64(hashlib.sha256(header["nonce"].encode()).digest())}


def read_graph_token(token: str, keys: list[SigningKey]) -> dict[str, Any] | None:
    """Return the claims of a Graph token of ours, as Graph itself would, or None."""
    try:
        header_text, payload, signature = token.split(".")
        header = orjson.loads(b64_bytes(header_text))
        message = f"{b64(orjson.dumps(_with_nonce_digest(header)))}.{payload}".encode()
        key = next(key for key in keys if key.kid == header["kid"])
        key.key.public_key().verify(
            b64_bytes(signature), message, padding.PKCS1v15(), hashes.SHA256()
        )
        claims: dict[str, Any] = orjson.loads(b64_bytes(payload))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, InvalidSignature):
        return None
    return claims
