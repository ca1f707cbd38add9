"""The claims of the tokens that the simulated Entra ID issues."""

from typing import Any

from xerus_sandbox.accounts import (
    ADA,
    ADMIN_GROUP_ID,
    BY_EMAIL,
    ENTRA_CLIENT_ID,
    OBJECT_IDS,
    TENANT_ID,
    fixed_text,
)
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.entra.keys import SigningKey
from xerus_sandbox.entra.scopes import ScopeSet
from xerus_sandbox.opaque import random_text

GRAPH = "00000003-0000-0000-c000-000000000000"
_CLIENT_KIND = "1"
"""A confidential client that proved itself with its shared value (azpacr, appidacr)."""


class TokenMaker:
    """Builds and signs ID and access tokens."""

    def __init__(self, clock: VirtualClock, config: Config, issuer: str) -> None:
        self._clock = clock
        self._config = config
        self._issuer = issuer

    def id_token(self, key: SigningKey, email: str, nonce: str | None) -> str:
        """Return an ID token for our client."""
        account = BY_EMAIL[email]
        claims = {
            "aud": ENTRA_CLIENT_ID,
            "iss": self._issuer,
            **self._times("id_token_seconds"),
            "email": email,
            "name": account.name,
            "preferred_username": email,
            **_person(email, ENTRA_CLIENT_ID),
            **self._groups(email),
            "uti": random_text(22),
            "ver": "2.0",
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return key.sign(claims)

    def access_token(self, key: SigningKey, email: str, scopes: ScopeSet) -> str:
        """Return an access token for our API if its scopes were asked for, else for Graph."""
        if not scopes.api:
            claims = self._graph_claims(email, scopes)
            return key.sign_for_graph(claims, nonce=random_text(43))
        version = self._config["token_version"]
        claims = self._api_v1(email) if version == 1 else self._api_v2(email)
        return key.sign({**claims, "scp": " ".join(scopes.api)})

    def _api_v2(self, email: str) -> dict[str, Any]:
        return {
            "aud": ENTRA_CLIENT_ID,
            "iss": self._issuer,
            **self._times("access_token_seconds"),
            "azp": ENTRA_CLIENT_ID,
            "azpacr": _CLIENT_KIND,
            "name": BY_EMAIL[email].name,
            "preferred_username": email,
            **_person(email, ENTRA_CLIENT_ID),
            **self._groups(email),
            "uti": random_text(22),
            "ver": "2.0",
        }

    def _api_v1(self, email: str) -> dict[str, Any]:
        return {
            "aud": f"api://{ENTRA_CLIENT_ID}",
            "iss": f"https://sts.windows.net/{TENANT_ID}/",
            **self._times("access_token_seconds"),
            "acr": "1",
            "amr": ["pwd"],
            "appid": ENTRA_CLIENT_ID,
            "appidacr": _CLIENT_KIND,
            "name": BY_EMAIL[email].name,
            "unique_name": email,
            "upn": email,
            **_person(email, ENTRA_CLIENT_ID),
            **self._groups(email),
            "uti": random_text(22),
            "ver": "1.0",
        }

    def _graph_claims(self, email: str, scopes: ScopeSet) -> dict[str, Any]:
        named = [scope for scope in scopes.asked if scope in ("openid", "profile", "email")]
        return {
            **self._api_v1(email),
            "aud": GRAPH,
            "app_displayname": "Xerus",
            **_person(email, GRAPH),
            "scp": " ".join([*named, *scopes.graph]),
        }

    def _times(self, lifetime: str) -> dict[str, int]:
        now = int(self._clock.now())
        return {"iat": now, "nbf": now, "exp": now + int(self._config[lifetime])}

    def _groups(self, email: str) -> dict[str, Any]:
        if not self._config["groups_claim"]:
            return {}
        return {"groups": [ADMIN_GROUP_ID] if email == ADA.email else []}


def _person(email: str, audience: str) -> dict[str, str]:
    # sub is pairwise: another value for each audience.
    return {
        "oid": OBJECT_IDS[email],
        "sub": fixed_text(f"sub {email} {audience}", 43),
        "tid": TENANT_ID,
    }
