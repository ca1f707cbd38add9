"""Access tokens of Entra ID for an application (OAuth 2.0 client credentials, RFC 6749 4.4)."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.tokens import form_headers, token_of

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NUMBER = re.compile(r"AADSTS[0-9]{4,8}")


class EntraApplication:
    """Gets tokens for `scope`; `proof` returns the form fields that prove who asks."""

    def __init__(
        self,
        calls: Calls,
        *,
        authority: str,
        tenant_id: str,
        client_id: str,
        proof: Callable[[], Mapping[str, str]],
        scope: str,
    ) -> None:
        self._calls = calls
        self._endpoint = f"{authority.rstrip('/')}/{quote(tenant_id, safe='')}/oauth2/v2.0/token"
        self._client_id = client_id
        self._proof = proof
        self._scope = scope

    async def fetch(self) -> tuple[SecretStr, float]:
        """Return a new token, and the seconds that it lasts.

        Raises:
            NotConfigured: Entra ID refuses.
            Unavailable: Entra ID does not answer.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "scope": self._scope,
            **self._proof(),
        }
        answer = await self._calls.send(self._endpoint, urlencode(form).encode(), form_headers)
        return token_of(answer) or self._refuse(answer)

    def _refuse(self, answer: Answer) -> tuple[SecretStr, float]:
        number = _NUMBER.search(answer.text("error_description"))
        told = number.group() if number else answer.text("error")[:40]
        raise NotConfigured(
            f"Entra ID gives Xerus no token for the key vault (status {answer.status}, {told!r}).",
            hint="Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (the secret's value, "
            "not its id, and not run out) or AZURE_FEDERATED_TOKEN_FILE.",
            debug=f"Entra ID status {answer.status}: {told}",
        )


def by_secret(secret: SecretStr) -> Mapping[str, str]:
    """Return the proof by a client secret."""
    return {"client_secret": secret.get_secret_value()}


def by_assertion(assertion: SecretStr) -> Mapping[str, str]:
    """Return the proof by a token of the platform (workload identity; RFC 7523 2.2)."""
    return {"client_assertion_type": _ASSERTION, "client_assertion": assertion.get_secret_value()}
