"""Vault Transit, and OpenBao's: https://developer.hashicorp.com/vault/api-docs/secret/transit."""

import base64
import binascii
from collections.abc import Callable, Mapping

import orjson
from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.envelope import wrong_key

KIND = "vault-transit"
_FORBIDDEN = 403
_NOT_FOUND = 404
_BAD_REQUEST = 400


class VaultTransit:
    """A `KeyService` over the key `key` of the secrets engine at `mount`.

    `token` is called again when Vault refuses the one before.
    """

    kind = KIND

    def __init__(
        self,
        calls: Calls,
        *,
        address: str,
        mount: str,
        key: str,
        token: Callable[[], SecretStr],
        namespace: str = "",
    ) -> None:
        self._calls = calls
        self._base = f"{address.rstrip('/')}/v1/{mount}"
        self._mount = mount
        self._key = key
        self._read_token = token
        self._token = token()
        self._namespace = namespace

    @property
    def reference(self) -> str:
        """Mount and key."""
        return f"{KIND}:{self._mount}/{self._key}"

    async def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with the newest version of the key."""
        answer = await self._ask("encrypt", {"plaintext": _base64(plaintext)}, context)
        ciphertext = answer.part("data").get("ciphertext")
        if not answer.sound or not isinstance(ciphertext, str) or not ciphertext:
            raise self._refused(answer)
        return ciphertext.encode()

    async def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt with the version that the ciphertext names."""
        try:
            text = ciphertext.decode("ascii")
        except UnicodeDecodeError as error:
            raise wrong_key(self.reference) from error
        answer = await self._ask("decrypt", {"ciphertext": text}, context)
        plaintext = answer.part("data").get("plaintext")
        if not answer.sound or not isinstance(plaintext, str):
            raise self._refused(answer)
        try:
            return base64.b64decode(plaintext, validate=True)
        except (binascii.Error, ValueError) as error:
            raise wrong_key(self.reference) from error

    async def _ask(self, verb: str, fields: dict[str, str], context: bytes) -> Answer:
        body = orjson.dumps({**fields, "associated_data": _base64(context)})
        url = f"{self._base}/{verb}/{self._key}"
        answer = await self._calls.send(url, body, self._headers)
        if answer.status == _FORBIDDEN:
            fresh = self._read_token()
            if fresh != self._token:
                self._token = fresh
                answer = await self._calls.send(url, body, self._headers)
        return answer

    def _headers(self) -> Mapping[str, str]:
        headers = {
            "X-Vault-Token": self._token.get_secret_value(),
            "X-Vault-Request": "true",
            "Content-Type": "application/json",
        }
        return {**headers, "X-Vault-Namespace": self._namespace} if self._namespace else headers

    def _refused(self, answer: Answer) -> NotConfigured:
        errors = answer.body.get("errors")
        told = " ".join(map(str, errors))[:200] if isinstance(errors, list) else ""
        debug = f"Vault status {answer.status}: {told}"
        if answer.status == _BAD_REQUEST and any(sign in told for sign in _OTHER_KEY):
            return wrong_key(self.reference, debug=debug)
        message, hint = (
            self._forbidden() if answer.status == _FORBIDDEN else self._meaning(answer, told)
        )
        return NotConfigured(f"Vault {message}.", hint=hint, debug=debug)

    def _forbidden(self) -> tuple[str, str]:
        message = f"lets nobody use {self._mount}/{self._key} with this token"
        hint = (
            "Check that the key exists. Give VAULT_TOKEN a valid token whose policy allows `update` on "
            f"{self._mount}/encrypt/{self._key} and {self._mount}/decrypt/{self._key}."
        )
        return message, hint

    def _meaning(self, answer: Answer, told: str) -> tuple[str, str]:
        """Return what a refusal says, and what to do about it."""
        message = f"does not do what Xerus asks of {self._mount}/{self._key}"
        message += f" (status {answer.status}): {told!r}"
        hint = (
            "Check that VAULT_ADDR is the address of Vault, and that the key is of type aes256-gcm96 "
            "or chacha20-poly1305 and not derived."
        )
        if answer.status == _NOT_FOUND:
            message = f"has no secrets engine at {self._mount}/"
            hint = "Check the mount in XERUS_KEY_PROVIDER, VAULT_ADDR and VAULT_NAMESPACE."
        elif "key not found" in told:
            message = f"has no key {self._key} in {self._mount}/"
            hint = (
                "Check the name in XERUS_KEY_PROVIDER, or make the key: vault write -f "
                f"{self._mount}/keys/{self._key}"
            )
        elif "too old" in told:
            message = f"refuses versions of {self._mount}/{self._key} that are still in use"
            hint = "Lower the key's min_decryption_version, run `xerus keys rotate`, then raise it again."
        return message, hint


_OTHER_KEY = ("message authentication failed", "invalid ciphertext", "unable to decrypt")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
