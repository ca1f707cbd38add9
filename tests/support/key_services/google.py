"""Google Cloud KMS's encrypt and decrypt, and Google's token endpoint, on one port.

https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys,
https://developers.google.com/identity/protocols/oauth2/service-account.
"""

import base64
import binascii
import json
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.certificates import private_pem, rsa_key
from tests.support.key_services.service import Denied, FakeService, Key

_RING = "projects/acme/locations/europe-west3/keyRings/xerus/cryptoKeys"
_VERIFIED = {
    "verifiedPlaintextCrc32c": True,
    "verifiedAdditionalAuthenticatedDataCrc32c": True,
}
_EMAIL = "xerus@acme.iam.gserviceaccount.com"


@cache
def _account_key() -> rsa.RSAPrivateKey:
    return rsa_key()


def _error(code: int, status: str, message: str = "") -> Denied:
    error = {"code": code, "message": message or status, "status": status}
    return Denied(code, {"error": error})


def _crc32c(data: bytes) -> int:
    """Return the checksum, bit by bit as RFC 3720 defines it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    try:
        value = base64.b64decode(fields[name], validate=True)
    except (binascii.Error, KeyError, TypeError, ValueError):
        raise _error(400, "INVALID_ARGUMENT", f"Invalid value at '{name}'") from None
    if fields.get(f"{name}Crc32c") != str(_crc32c(value)):
        raise _error(400, "INVALID_ARGUMENT", f"The checksum of '{name}' did not match")
    return value


class FakeGoogle(FakeService):
    """A key ring with the keys `xerus` and `other`, and a service account that may use them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.keys = {f"{_RING}/xerus": Key(), f"{_RING}/other": Key()}
        self.damaged = 0
        self.unverified = 0
        self._tokens: set[str] = set()
        self._rejecting = False
        self._given: set[str] = set()
        self._used: list[str] = []
        self._key_id = secrets.token_hex(20)
        pem = private_pem(_account_key())
        self._given.add(pem.splitlines()[1])
        self.file = folder / "service-account.json"
        self.file.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "acme",
                    "private_key_id": self._key_id,
                    "private_key": pem,
                    "client_email": _EMAIL,
                    "client_id": "1",
                    "token_uri": f"{self.url}/token",
                }
            )
        )

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_KEY_PROVIDER": f"google-kms:{_RING}/xerus",
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.file),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS": f"{self.url}/",
        }

    @property
    def env_of_another_key(self) -> dict[str, str]:
        return {**self.env, "XERUS_KEY_PROVIDER": f"google-kms:{_RING}/other"}

    @property
    def secrets(self) -> set[str]:
        return self._given

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        return {
            "disable": ("disabled", "Enable the version"),
            "forbid": ("lets this service account not use", "cryptoKeyEncrypterDecrypter"),
            "lose": (f"has no key {_RING}/xerus", "location included"),
            "reject": (f"gives {_EMAIL} no token", "GOOGLE_APPLICATION_CREDENTIALS"),
        }

    def rotate(self) -> None:
        self.keys[f"{_RING}/xerus"].rotate()

    def versions_used(self) -> list[str]:
        return self._used

    def disable(self) -> None:
        self.keys[f"{_RING}/xerus"].enabled = False

    def lose(self) -> None:
        del self.keys[f"{_RING}/xerus"]

    def reject(self) -> None:
        self._rejecting = True

    def expire(self) -> None:
        self._tokens = set()

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        if request.path == "/token":
            return self._token(parse_qs(body.decode()))
        self.seen.append((request.method, request.raw_path))
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self._tokens:
            raise _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        name, _, verb = request.path.removeprefix("/v1/").partition(":")
        if request.method != "POST" or verb not in {"encrypt", "decrypt"}:
            raise web.HTTPNotFound
        if verb not in self.permitted:
            raise _error(403, "PERMISSION_DENIED", f"Permission denied on resource '{name}'")
        key = self.keys.get(name)
        if key is None:
            raise _error(404, "NOT_FOUND", f"CryptoKey {name} not found.")
        if not key.enabled:
            told = f"{name}/cryptoKeyVersions/1 is not enabled, current state is: DISABLED."
            raise _error(400, "FAILED_PRECONDITION", told)
        fields = json.loads(body)
        aad = _bytes(fields, "additionalAuthenticatedData")
        answer = (self._encrypt if verb == "encrypt" else self._decrypt)(name, key, fields, aad)
        if self.damaged:
            self.damaged -= 1
            spoilt = answer["ciphertext" if verb == "encrypt" else "plaintext"]
            answer["ciphertext" if verb == "encrypt" else "plaintext"] = "AA" + spoilt[2:]
        return web.json_response(answer)

    def _encrypt(self, name: str, key: Key, fields: dict[str, Any], aad: bytes) -> dict[str, Any]:
        version, sealed = key.encrypt(_bytes(fields, "plaintext"), aad)
        self._used.append(str(version))
        blob = b"\n$" + bytes([version]) + sealed
        self.unverified -= (unverified := self.unverified > 0)
        verified = {} if unverified else _VERIFIED
        return {
            **verified,
            "name": f"{name}/cryptoKeyVersions/{version}",
            "ciphertext": base64.b64encode(blob).decode(),
            "ciphertextCrc32c": str(_crc32c(blob)),
            "protectionLevel": "SOFTWARE",
        }

    def _decrypt(self, name: str, key: Key, fields: dict[str, Any], aad: bytes) -> dict[str, Any]:
        blob = _bytes(fields, "ciphertext")
        plaintext = None
        if blob.startswith(b"\n$") and len(blob) > 3:
            plaintext = key.decrypt(blob[2], blob[3:], aad)
        if plaintext is None:
            told = "Decryption failed: verify that 'name' refers to the correct CryptoKey."
            raise _error(400, "INVALID_ARGUMENT", told)
        return {
            "plaintext": base64.b64encode(plaintext).decode(),
            "plaintextCrc32c": str(_crc32c(plaintext)),
            "usedPrimary": blob[2] == len(key.versions),
            "protectionLevel": "SOFTWARE",
        }

    def _token(self, form: dict[str, list[str]]) -> web.Response:
        self.logins += 1
        if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            raise Denied(400, {"error": "unsupported_grant_type"})
        head, claims, signature = form["assertion"][0].split(".")
        try:
            _account_key().public_key().verify(
                _unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            raise Denied(400, {"error": "invalid_grant"}) from None
        given, says = json.loads(_unpadded(claims)), json.loads(_unpadded(head))
        fits = (says, given["iss"], given["aud"], given["scope"]) == (
            {"alg": "RS256", "typ": "JWT", "kid": self._key_id},
            _EMAIL,
            f"{self.url}/token",
            "https://www.googleapis.com/auth/cloudkms",
        )
        lives = given["iat"] - 5 <= time.time() < given["exp"] <= given["iat"] + 3600
        if self._rejecting or not fits or not lives:
            told = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            raise Denied(400, told)
        token = f"ya29.{secrets.token_urlsafe(60)}"
        self._tokens.add(token)
        self._given.add(token)
        return web.json_response(
            {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}
        )


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
