"""How a client proves itself at the simulated token endpoint: by secret, or by certificate."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from xerus_sandbox.accounts import (
    ENTRA_CLIENT_ID,
    ENTRA_CLIENT_SECRET,
    MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET,
)
from xerus_sandbox.entra.errors import EntraError
from xerus_sandbox.entra.keys import b64, b64_bytes

_SECRETS = {ENTRA_CLIENT_ID: ENTRA_CLIENT_SECRET, MACHINE_CLIENT_ID: MACHINE_CLIENT_SECRET}
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION_SECONDS = 24 * 3600


def check_client(
    sent: Mapping[str, str],
    authorization: str,
    *,
    certificates: Sequence[str],
    endpoint: str,
    now: float,
) -> str:
    """Return the id of the client that a token request comes from.

    Raises:
        EntraError: it is not known, or did not prove itself.
    """
    client_id, secret = sent.get("client_id", ""), sent.get("client_secret", "")
    if authorization.lower().startswith("basic "):
        client_id, secret = _basic(authorization[6:])
    if client_id not in _SECRETS:
        text = f"Application with identifier '{client_id}' was not found in the directory."
        raise EntraError("unauthorized_client", 700016, text)
    if "client_assertion" in sent and client_id == ENTRA_CLIENT_ID:
        if sent.get("client_assertion_type") != _JWT_BEARER:
            raise _refused("The client_assertion_type is not supported.", 700021)
        _check_assertion(sent["client_assertion"], certificates, endpoint, now)
        return client_id
    if not secret:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise _refused(text, 7000218)
    if not hmac.compare_digest(secret.encode(), _SECRETS[client_id].encode()):
        raise _refused("Invalid client secret provided.", 7000215)
    return client_id


def _check_assertion(
    assertion: str, certificates: Sequence[str], endpoint: str, now: float
) -> None:
    try:
        header_text, payload, signature = assertion.split(".")
        header: dict[str, Any] = orjson.loads(b64_bytes(header_text))
        claims: dict[str, Any] = orjson.loads(b64_bytes(payload))
        signed = b64_bytes(signature)
    except ValueError as error:
        raise _refused("The client assertion is malformed.", 50027) from error
    key = _registered(header, certificates)
    try:
        key.verify(
            signed,
            f"{header_text}.{payload}".encode(),
            padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size),
            hashes.SHA256(),
        )
    except InvalidSignature as error:
        raise _refused("Client assertion failed signature validation.", 700027) from error
    if claims.get("aud") != endpoint:
        raise _refused("Client assertion audience claim does not match.", 700023)
    if claims.get("iss") != ENTRA_CLIENT_ID or claims.get("sub") != ENTRA_CLIENT_ID:
        raise _refused("Client assertion issuer or subject does not match.", 700021)
    if not claims.get("jti") or not claims["nbf"] <= now < claims["exp"]:
        raise _refused("Client assertion is not within its valid time range.", 700024)
    if claims["exp"] - now > _LONGEST_ASSERTION_SECONDS:
        raise _refused("Client assertion lives too long.", 700024)


def _registered(header: Mapping[str, Any], certificates: Sequence[str]) -> rsa.RSAPublicKey:
    """Return the key of the registered certificate that the header names."""
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        der = certificate.public_bytes(serialization.Encoding.DER)
        key = certificate.public_key()
        named = header.get("x5t#S256") == b64(hashlib.sha256(der).digest())
        if named and header.get("alg") == "PS256" and isinstance(key, rsa.RSAPublicKey):
            return key
    text = "The certificate with identifier used to sign the client assertion is not registered."
    raise _refused(text, 700027)


def _refused(text: str, number: int) -> EntraError:
    return EntraError("invalid_client", number, text, status=401)


def _basic(value: str) -> tuple[str, str]:
    # Both halves are form-encoded first. RFC 6749 2.3.1
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)
