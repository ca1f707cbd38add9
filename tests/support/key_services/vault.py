"""Vault's Transit secrets engine: POST /v1/MOUNT/{encrypt,decrypt}/KEY, as Vault answers.

Source: https://developer.hashicorp.com/vault/api-docs/secret/transit and the messages of
hashicorp/vault `sdk/helper/keysutil/policy.go`, `builtin/logical/transit/path_decrypt.go`.
"""

import base64
import binascii
import json
import secrets
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.key_services.service import Denied, FakeService, Key

_NAMESPACE = "team-a"


def _error(status: int, *errors: str) -> Denied:
    return Denied(status, {"errors": list(errors)})


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(fields.get(name, ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _error(400, f"failed to base64-decode {name}") from None


class FakeVault(FakeService):
    """Vault with the secrets engine `transit/` and the keys `xerus` and `other`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.keys = {"xerus": Key(), "other": Key()}
        self.least_version = 1
        self.token_file = folder / "vault-token"
        self.given: list[str] = []
        self._tokens: set[str] = set()
        self._used: list[str] = []
        self.expire()

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_KEY_PROVIDER": "vault-transit:transit/xerus",
            "VAULT_ADDR": self.url,
            "VAULT_TOKEN_FILE": str(self.token_file),
            "VAULT_NAMESPACE": _NAMESPACE,
        }

    @property
    def env_of_another_key(self) -> dict[str, str]:
        return {**self.env, "XERUS_KEY_PROVIDER": "vault-transit:transit/other"}

    @property
    def secrets(self) -> set[str]:
        return set(self.given)

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        return {
            "disable": ("refuses versions of transit/xerus", "min_decryption_version"),
            "forbid": ("lets nobody use transit/xerus", "`update` on transit/encrypt/xerus"),
            "lose": ("has no key xerus", "vault write -f transit/keys/xerus"),
            "reject": ("with this token", "VAULT_TOKEN"),
        }

    def rotate(self) -> None:
        self.keys["xerus"].rotate()

    def versions_used(self) -> list[str]:
        return self._used

    def disable(self) -> None:
        self.least_version = len(self.keys["xerus"].versions) + 1

    def lose(self) -> None:
        del self.keys["xerus"]

    def reject(self) -> None:
        self._tokens = set()

    def expire(self) -> None:
        """End the token; Vault Agent has written the next one already."""
        token = f"hvs.{secrets.token_urlsafe(24)}"
        self.given.append(token)
        self._tokens = {token}
        self.token_file.write_text(token + "\n")

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        self.seen.append((request.method, request.raw_path))
        if request.headers.get("X-Vault-Namespace") != _NAMESPACE:
            raise _error(404, f'no handler for route "{request.path[4:]}". route entry not found.')
        if request.headers.get("X-Vault-Token") not in self._tokens:
            raise _error(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
        match request.method, request.path.split("/"):
            case (("POST" | "PUT"), ["", "v1", "transit", "encrypt" | "decrypt" as verb, name]):
                fields = json.loads(body)
            case _:
                raise _error(404, f'no handler for route "{request.path[4:]}".')
        if verb not in self.permitted or (verb == "encrypt" and name not in self.keys):
            raise _error(403, "1 error occurred:\n\t* permission denied\n\n")
        if name not in self.keys:
            raise _error(400, "encryption key not found")
        aad = _bytes(fields, "associated_data")
        data = (self._encrypt if verb == "encrypt" else self._decrypt)(self.keys[name], fields, aad)
        return web.json_response(
            {
                "request_id": secrets.token_hex(16),
                "lease_id": "",
                "renewable": False,
                "lease_duration": 0,
                "data": data,
                "wrap_info": None,
                "warnings": None,
                "auth": None,
                "mount_type": "transit",
            }
        )

    def _encrypt(self, key: Key, fields: dict[str, Any], aad: bytes) -> dict[str, Any]:
        version, sealed = key.encrypt(_bytes(fields, "plaintext"), aad)
        self._used.append(str(version))
        ciphertext = f"vault:v{version}:{base64.b64encode(sealed).decode()}"
        return {"ciphertext": ciphertext, "key_version": version}

    def _decrypt(self, key: Key, fields: dict[str, Any], aad: bytes) -> dict[str, Any]:
        prefix, _, rest = str(fields.get("ciphertext", "")).partition(":v")
        number, colon, encoded = rest.partition(":")
        if prefix != "vault":
            raise _error(400, "invalid ciphertext: no prefix")
        if not colon or not number.isdigit():
            raise _error(400, "invalid ciphertext: version number could not be decoded")
        if int(number) > len(key.versions):
            raise _error(400, "invalid ciphertext: version is too new")
        if int(number) < self.least_version:
            raise _error(400, "ciphertext or signature version is disallowed by policy (too old)")
        try:
            sealed = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _error(400, "invalid ciphertext: could not decode base64") from None
        plaintext = key.decrypt(int(number), sealed, aad)
        if plaintext is None:
            raise _error(400, "cipher: message authentication failed")
        return {"plaintext": base64.b64encode(plaintext).decode()}
