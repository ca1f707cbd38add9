"""Azure Key Vault and Managed HSM: https://learn.microsoft.com/rest/api/keyvault/keys/."""

import base64
import binascii
import re
from collections.abc import Mapping

import orjson
from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.envelope import wrong_key
from xerus.keys.kms.tokens import Renewed

KIND = "azure-key-vault"
_API_VERSION = "7.4"
_ALGORITHM = "RSA-OAEP-256"
_VERSION = re.compile(r"[0-9a-zA-Z]{1,64}")
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_NOT_FOUND = 404


class AzureKeyVault:
    """A `KeyService` over an RSA key. The service binds no context: what it wraps is bound here.

    A ciphertext is the key's version, a colon, and what the service returned: unlike other services
    this one has to be told the version.
    """

    kind = KIND

    def __init__(
        self, calls: Calls, *, vault: str, key: str, version: str, token: Renewed[SecretStr]
    ) -> None:
        self._calls = calls
        self._vault = vault
        self._key = key
        self._version = version
        self._token = token

    @property
    def reference(self) -> str:
        """The address of the key."""
        return f"{KIND}:{self._address}" + (f"/{self._version}" if self._version else "")

    @property
    def _address(self) -> str:
        return f"{self._vault}/keys/{self._key}"

    async def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Wrap with the version in the settings, the newest where none is."""
        del context
        answer = await self._ask("wrapkey", self._version, plaintext)
        version = answer.text("kid").rpartition("/")[2]
        if not answer.sound or not _VERSION.fullmatch(version):
            raise self._refused(answer)
        return version.encode() + b":" + self._value(answer)

    async def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Unwrap with the version that wrapped."""
        del context
        version, _, wrapped = ciphertext.partition(b":")
        text = version.decode("ascii", errors="replace")
        if not _VERSION.fullmatch(text):
            raise wrong_key(self.reference)
        answer = await self._ask("unwrapkey", text, wrapped)
        if answer.status == _NOT_FOUND and await self._exists():
            # The key is there, but never had this version: another wrapped.
            raise wrong_key(self.reference, debug=f"no version {text}")
        if answer.status == _BAD_REQUEST and answer.part("error").get("code") == "BadParameter":
            raise wrong_key(self.reference, debug=_debug(answer))
        if not answer.sound:
            raise self._refused(answer)
        return self._value(answer)

    async def _exists(self) -> bool:
        return (await self._ask("wrapkey", "", bytes(32))).status != _NOT_FOUND

    async def _ask(self, verb: str, version: str, value: bytes) -> Answer:
        # Without a version the service takes the newest; the slash stays.
        url = f"{self._address}/{version}/{verb}?api-version={_API_VERSION}"
        body = orjson.dumps({"alg": _ALGORITHM, "value": _encoded(value)})
        token = await self._token.get()
        answer = await self._calls.send(url, body, lambda: _headers(token))
        if answer.status == _UNAUTHORIZED:
            fresh = await self._token.get(other_than=token)
            answer = await self._calls.send(url, body, lambda: _headers(fresh))
        return answer

    def _value(self, answer: Answer) -> bytes:
        value = answer.text("value")
        if not value:
            raise self._refused(answer)
        try:
            return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise wrong_key(self.reference) from error

    def _refused(self, answer: Answer) -> NotConfigured:
        message, hint = self._meaning(answer)
        return NotConfigured(f"Azure Key Vault {message}.", hint=hint, debug=_debug(answer))

    def _meaning(self, answer: Answer) -> tuple[str, str]:
        """Return what a refusal says, and what to do about it."""
        told = str(answer.part("error").get("message", ""))
        message = f"does not do what Xerus asks of {self._address} (status {answer.status})"
        hint = (
            "Check the address in XERUS_KEY_PROVIDER, and that the key is of type RSA or RSA-HSM."
        )
        match answer.status:
            case 401:
                message = "does not take the token that Entra ID gave Xerus"
                hint = "Check that AZURE_TENANT_ID is the tenant that the vault belongs to."
            case 403 if "disabled" in told or "expired" in told or "not yet valid" in told:
                message = f"has {self._address} disabled, or outside its dates"
                hint = "Enable the version of the key that wrapped, or correct its dates."
            case 403:
                message = f"lets this application not use {self._address}"
                hint = (
                    "Give it the role Key Vault Crypto Service Encryption User on the key, or by access "
                    "policy wrapKey and unwrapKey; let the vault's firewall admit this machine."
                )
            case 404:
                message = f"has no key {self._address}"
                hint = "Check the address in XERUS_KEY_PROVIDER; a deleted key can be recovered."
        return message, hint


def _debug(answer: Answer) -> str:
    error = answer.part("error")
    inner = error.get("innererror")
    codes = (error.get("code"), inner.get("code") if isinstance(inner, dict) else None)
    return f"Azure Key Vault status {answer.status}: {' '.join(str(c) for c in codes if c)[:120]}"


def _headers(token: SecretStr) -> Mapping[str, str]:
    bearer = f"Bearer {token.get_secret_value()}"
    return {"Authorization": bearer, "Content-Type": "application/json"}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
