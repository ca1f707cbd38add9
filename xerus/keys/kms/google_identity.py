"""Access tokens of Google for a service account (JWT bearer grant, RFC 7523 2.1).

https://developers.google.com/identity/protocols/oauth2/service-account
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.tokens import form_headers, token_of
from xerus.settings.values import http_url

_SCOPE = "https://www.googleapis.com/auth/cloudkms"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """What the file of a service account says."""

    email: str
    key_id: str
    key: RSAKey
    token_uri: str


def read_service_account(path: Path) -> ServiceAccount:
    """Read the JSON file that Google makes for a service account.

    Raises:
        NotConfigured: it cannot be read, or is for another kind of credential; nothing of it is shown.
    """
    try:
        given = orjson.loads(path.read_bytes())
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise _wrong(path, "holds no JSON") from error
    if not isinstance(given, dict) or given.get("type") != "service_account":
        raise _wrong(path, "is not the key of a service account")
    names = ("client_email", "private_key_id", "private_key", "token_uri")
    values = [given.get(name) for name in names]
    if not all(isinstance(value, str) and value for value in values):
        raise _wrong(path, f"lacks one of {', '.join(names)}")
    try:
        key = RSAKey.import_key(str(given["private_key"]))
    except (JoseError, ValueError, TypeError):
        raise _wrong(path, "holds a private key that cannot be read") from None
    try:
        http_url(given["token_uri"])
    except ValueError:
        raise _wrong(path, "holds a token_uri that is no address of https") from None
    return ServiceAccount(
        email=given["client_email"],
        key_id=given["private_key_id"],
        key=key,
        token_uri=given["token_uri"],
    )


class GoogleServiceAccount:
    """Gets tokens for Cloud KMS."""

    def __init__(
        self, calls: Calls, *, account: ServiceAccount, now: Callable[[], datetime]
    ) -> None:
        self._calls = calls
        self._account = account
        self._now = now

    async def fetch(self) -> tuple[SecretStr, float]:
        """Return a new token, and the seconds that it lasts.

        Raises:
            NotConfigured: Google refuses.
            Unavailable: Google does not answer.
        """
        form = {"grant_type": _GRANT, "assertion": self._assertion()}
        answer = await self._calls.send(
            self._account.token_uri, urlencode(form).encode(), form_headers
        )
        return token_of(answer) or self._refuse(answer)

    def _assertion(self) -> str:
        begins = int(self._now().timestamp())
        claims = {
            "iss": self._account.email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": begins,
            "exp": begins + _LIFE_SECONDS,
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": self._account.key_id}
        return jwt.encode(header, claims, self._account.key, algorithms=["RS256"])

    def _refuse(self, answer: Answer) -> tuple[SecretStr, float]:
        told = answer.text("error")[:40]
        raise NotConfigured(
            f"Google gives {self._account.email} no token (status {answer.status}, {told!r}).",
            hint="Check that the service account and its key still exist and are enabled, that "
            "GOOGLE_APPLICATION_CREDENTIALS names the file with that key, and that the clock of this "
            "machine is right.",
            debug=f"Google status {answer.status}: {told}",
        )


def _wrong(path: Path, what: str) -> NotConfigured:
    return NotConfigured(
        f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which {what}.",
        hint="Give the JSON file that Google Cloud makes for a key of a service account.",
    )
