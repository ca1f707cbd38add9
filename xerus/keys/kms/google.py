"""Google Cloud KMS: https://cloud.google.com/kms/docs/reference/rest/.

Checksums go both ways, as https://cloud.google.com/kms/docs/data-integrity-guidelines advises.
"""

import base64
import binascii
from collections.abc import Mapping

import orjson
from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.crc32c import crc32c
from xerus.keys.kms.envelope import wrong_key
from xerus.keys.kms.tokens import Renewed

KIND = "google-kms"
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_AAD = "additionalAuthenticatedData"


class GoogleKms:
    """A `KeyService` over the key `name`, `projects/.../cryptoKeys/KEY`."""

    kind = KIND

    def __init__(
        self, calls: Calls, *, endpoint: str, name: str, token: Renewed[SecretStr]
    ) -> None:
        self._calls = calls
        self._url = f"{endpoint.rstrip('/')}/v1/{name}"
        self._name = name
        self._token = token

    @property
    def reference(self) -> str:
        """The resource name."""
        return f"{KIND}:{self._name}"

    async def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with the primary version."""
        answer = await self._ask("encrypt", {"plaintext": plaintext, _AAD: context}, "ciphertext")
        return self._checked(answer, "ciphertext")

    async def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt with the version that encrypted."""
        answer = await self._ask("decrypt", {"ciphertext": ciphertext, _AAD: context}, "plaintext")
        if answer.status == _BAD_REQUEST and _status(answer) == "INVALID_ARGUMENT":
            raise wrong_key(self.reference, debug=_debug(answer))
        return self._checked(answer, "plaintext")

    async def _ask(self, verb: str, fields: Mapping[str, bytes], wanted: str) -> Answer:
        sent = {name: base64.b64encode(value).decode() for name, value in fields.items()}
        sent |= {f"{name}Crc32c": str(crc32c(value)) for name, value in fields.items()}
        url, body = f"{self._url}:{verb}", orjson.dumps(sent)

        def damaged(answer: Answer) -> str:
            broken = answer.sound and not _intact(answer, wanted)
            return " and bytes that were damaged on the way" if broken else ""

        token = await self._token.get()
        answer = await self._calls.send(url, body, lambda: _headers(token), passing=damaged)
        if answer.status == _UNAUTHORIZED:
            fresh = await self._token.get(other_than=token)
            answer = await self._calls.send(url, body, lambda: _headers(fresh), passing=damaged)
        return answer

    def _checked(self, answer: Answer, wanted: str) -> bytes:
        value = answer.text(wanted)
        if not answer.sound or not value:
            message, hint = self._meaning(answer)
            raise NotConfigured(f"Google Cloud KMS {message}.", hint=hint, debug=_debug(answer))
        return base64.b64decode(value)

    def _meaning(self, answer: Answer) -> tuple[str, str]:
        """Return what a refusal says, and what to do about it."""
        status = _status(answer)
        message = (
            f"does not do what Xerus asks of {self._name} (status {answer.status}, {status!r})"
        )
        hint = "Check the name in XERUS_KEY_PROVIDER; the key's purpose has to be ENCRYPT_DECRYPT."
        match status:
            case "PERMISSION_DENIED":
                message = f"lets this service account not use {self._name}"
                hint = (
                    "Give it the role roles/cloudkms.cryptoKeyEncrypterDecrypter on the key, and see "
                    "that the Cloud KMS API is on in its project."
                )
            case "NOT_FOUND":
                message = f"has no key {self._name}"
                hint = "Check the name in XERUS_KEY_PROVIDER, its location included."
            case "FAILED_PRECONDITION":
                message = f"has a version of {self._name} disabled, destroyed, or without a primary"
                hint = "Enable the version that is in use, or restore it while that is possible."
            case "UNAUTHENTICATED":
                message = "does not take the token that Google gave Xerus"
                hint = (
                    "Check that GOOGLE_APPLICATION_CREDENTIALS is for the project's organization."
                )
        return message, hint


def _intact(answer: Answer, wanted: str) -> bool:
    """Tell whether both sides got what the other sent; an answer without bytes is not judged here."""
    encoded = answer.body.get(wanted)
    if not isinstance(encoded, str):
        return True
    if wanted == "ciphertext" and not all(answer.body.get(name) is True for name in _VERIFIED):
        return False
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return str(answer.body.get(f"{wanted}Crc32c")) == str(crc32c(value))


_VERIFIED = ("verifiedPlaintextCrc32c", "verifiedAdditionalAuthenticatedDataCrc32c")


def _status(answer: Answer) -> str:
    status = answer.part("error").get("status")
    return status if isinstance(status, str) else ""


def _debug(answer: Answer) -> str:
    return f"Google Cloud KMS status {answer.status}: {_status(answer)[:60]}"


def _headers(token: SecretStr) -> Mapping[str, str]:
    bearer = f"Bearer {token.get_secret_value()}"
    return {"Authorization": bearer, "Content-Type": "application/json"}
