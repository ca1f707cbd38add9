"""Azure Key Vault's wrapkey and unwrapkey, and the token endpoint of Entra ID, on one port.

https://learn.microsoft.com/rest/api/keyvault/keys/wrap-key,
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
"""

import base64
import binascii
import json
import re
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.certificates import rsa_key
from tests.support.key_services.service import Denied, FakeService

_TENANT = "8f7f6a5e-0000-4000-8000-000000000001"
_CLIENT = "8f7f6a5e-0000-4000-8000-000000000002"
_PATH = re.compile(r"/keys/(?P<name>[0-9A-Za-z-]+)/(?P<version>\w*)/(?P<verb>wrapkey|unwrapkey)")
_OAEP = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=None)


@cache
def _pair(number: int) -> rsa.RSAPrivateKey:
    """Return one of a few keys, which take a while to make."""
    del number
    return rsa_key()


def _error(status: int, code: str, message: str, inner: str = "") -> Denied:
    error: dict[str, object] = {"code": code, "message": message}
    return Denied(
        status, {"error": {**error, **({"innererror": {"code": inner}} if inner else {})}}
    )


class FakeAzure(FakeService):
    """A vault with the keys `xerus` and `other`, and the tenant that it belongs to."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.client_secret = f"{secrets.token_urlsafe(24)}~x"
        self.federated = folder / "federated-token"
        self.federated.write_text(secrets.token_urlsafe(40))
        self.keys = {
            name: {secrets.token_hex(16): _pair(number)}
            for number, name in enumerate(("xerus", "other"))
        }
        self._enabled = True
        self._rejecting = False
        self._tokens: set[str] = set()
        self._given = {self.client_secret, self.federated.read_text()}
        self._used: list[str] = []

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_KEY_PROVIDER": f"azure-key-vault:{self.url}/keys/xerus",
            "AZURE_TENANT_ID": _TENANT,
            "AZURE_CLIENT_ID": _CLIENT,
            "AZURE_CLIENT_SECRET": self.client_secret,
            "AZURE_AUTHORITY_HOST": self.url,
        }

    @property
    def env_of_another_key(self) -> dict[str, str]:
        return {**self.env, "XERUS_KEY_PROVIDER": f"azure-key-vault:{self.url}/keys/other"}

    @property
    def secrets(self) -> set[str]:
        return self._given

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        return {
            "disable": ("/keys/xerus disabled", "Enable the version"),
            "forbid": ("lets this application not use", "Key Vault Crypto Service Encryption User"),
            "lose": ("has no key", "deleted key can be recovered"),
            "reject": ("AADSTS7000215", "AZURE_CLIENT_SECRET"),
        }

    def rotate(self) -> None:
        self.keys["xerus"][secrets.token_hex(16)] = _pair(2)

    def versions_used(self) -> list[str]:
        return self._used

    def disable(self) -> None:
        self._enabled = False

    def lose(self) -> None:
        del self.keys["xerus"]

    def reject(self) -> None:
        self._rejecting = True

    def expire(self) -> None:
        self._tokens = set()

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        if request.path == f"/{_TENANT}/oauth2/v2.0/token":
            return self._token(parse_qs(body.decode()))
        self.seen.append((request.method, request.raw_path))
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self._tokens:
            challenge = (
                f'Bearer authorization="{self.url}/{_TENANT}", resource="https://vault.azure.net"'
            )
            denied = _error(401, "Unauthorized", "AKV10000: Request is missing a Bearer token.")
            raise Denied(401, denied.body, **{"WWW-Authenticate": challenge})
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or not found or request.query_string != "api-version=7.4":
            raise _error(404, "NotFound", "no such operation")
        name, version, verb = found.groups()
        fields = json.loads(body)
        if ("encrypt" if verb == "wrapkey" else "decrypt") not in self.permitted:
            raise _error(403, "Forbidden", "Caller is not authorized", "ForbiddenByRbac")
        versions = self.keys.get(name, {})
        version = version or next(reversed(versions), "")
        if version not in versions:
            told = f"A key with (name/id) {name}/{version} was not found in this key vault."
            raise _error(404, "KeyNotFound", told)
        if name == "xerus" and not self._enabled:
            told = f"Operation {verb} is not allowed on a disabled key."
            raise _error(403, "Forbidden", told, "KeyDisabled")
        if fields["alg"] != "RSA-OAEP-256":
            raise _error(400, "BadParameter", "Key and signing algorithm are incompatible")
        value = self._wrap(versions[version], version, verb, str(fields["value"]))
        kid = f"{self.url}/keys/{name}/{version}"
        encoded = base64.urlsafe_b64encode(value).decode().rstrip("=")
        return web.json_response({"kid": kid, "value": encoded})

    def _wrap(self, key: rsa.RSAPrivateKey, version: str, verb: str, encoded: str) -> bytes:
        try:
            value = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
            if verb == "wrapkey":
                self._used.append(version)
                return key.public_key().encrypt(value, _OAEP)
            return key.decrypt(value, _OAEP)
        except (binascii.Error, ValueError):
            raise _error(400, "BadParameter", "The parameter is incorrect.\r\n") from None

    def _token(self, form: dict[str, list[str]]) -> web.Response:
        self.logins += 1
        given = {name: values[0] for name, values in form.items()}
        proofs = (
            given.get("client_secret") == self.client_secret,
            given.get("client_assertion") == self.federated.read_text()
            and given.get("client_assertion_type", "").endswith(":jwt-bearer"),
        )
        if self._rejecting or not any(proofs) or given["client_id"] != _CLIENT:
            told = "AADSTS7000215: Invalid client secret provided. Trace ID: x Correlation ID: y"
            raise Denied(401, {"error": "invalid_client", "error_description": told})
        scope = "https://vault.azure.net/.default"
        if given["grant_type"] != "client_credentials" or given["scope"] != scope:
            raise Denied(400, {"error": "invalid_scope", "error_description": "AADSTS1002012"})
        token = f"eyJ0eXAi.{secrets.token_urlsafe(40)}"
        self._tokens.add(token)
        self._given.add(token)
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": 3599,
                "ext_expires_in": 3599,
                "access_token": token,
            }
        )
