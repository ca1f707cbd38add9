"""The claims of the tokens that the simulated Entra ID issues."""

from typing import Any

from xerus_sandbox.accounts import (
    ADMIN_GROUP_ID,
    BY_EMAIL,
    ENTRA_CLIENT_ID,
    MACHINE_CLIENT_ID,
    MACHINE_OBJECT_ID,
    OBJECT_IDS,
    OTHER_TENANT_ID,
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

    def __init__(self, clock: VirtualClock, config: Config, base_url: str) -> None:
        self._clock = clock
        self._config = config
        self._base_url = base_url

    def id_token(self, key: SigningKey, email: str, nonce: str | None) -> str:
        """Return an ID token for our client."""
        account = BY_EMAIL[email]
        claims = {
            "aud": ENTRA_CLIENT_ID,
            "iss": f"{self._base_url}/{self._tenant(email)}/v2.0",
            **self._times("id_token_seconds"),
            "email": email,
            "name": account.name,
            "preferred_username": email,
            **self._person(email, ENTRA_CLIENT_ID),
            "uti": random_text(22),
            "ver": "2.0",
        }
        if nonce is not None:
            claims["nonce"] = nonce
        if self._config["login_hint_claim"]:
            claims["login_hint"] = f"O.{fixed_text(f'login hint {email}', 60)}"
        return key.sign(claims)

    def app_token(self, key: SigningKey) -> str:
        """Return an access token for our API of the other application, by itself."""
        one = self._config["token_version"] == 1
        host = "https://sts.windows.net" if one else self._base_url
        claims = {
            "aud": f"api://{ENTRA_CLIENT_ID}" if one else ENTRA_CLIENT_ID,
            "iss": f"{host}/{TENANT_ID}/" if one else f"{host}/{TENANT_ID}/v2.0",
            **self._times("access_token_seconds"),
            "appid" if one else "azp": MACHINE_CLIENT_ID,
            "appidacr" if one else "azpacr": _CLIENT_KIND,
            "idtyp": "app",
            "oid": MACHINE_OBJECT_ID,
            "sub": MACHINE_OBJECT_ID,
            "tid": TENANT_ID,
            "uti": random_text(22),
            "ver": "1.0" if one else "2.0",
        }
        if self._config["machine_roles"]:
            claims["roles"] = self._config["machine_roles"]
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
            "iss": f"{self._base_url}/{self._tenant(email)}/v2.0",
            **self._times("access_token_seconds"),
            "azp": ENTRA_CLIENT_ID,
            "azpacr": _CLIENT_KIND,
            "name": BY_EMAIL[email].name,
            "preferred_username": email,
            **self._person(email, ENTRA_CLIENT_ID),
            "uti": random_text(22),
            "ver": "2.0",
        }

    def _api_v1(self, email: str) -> dict[str, Any]:
        return {
            "aud": f"api://{ENTRA_CLIENT_ID}",
            "iss": f"https://sts.windows.net/{self._tenant(email)}/",
            **self._times("access_token_seconds"),
            "acr": "1",
            "amr": ["pwd"],
            "appid": ENTRA_CLIENT_ID,
            "appidacr": _CLIENT_KIND,
            "name": BY_EMAIL[email].name,
            "unique_name": email,
            "upn": email,
            **self._person(email, ENTRA_CLIENT_ID),
            "uti": random_text(22),
            "ver": "1.0",
        }

    def _graph_claims(self, email: str, scopes: ScopeSet) -> dict[str, Any]:
        named = [scope for scope in scopes.asked if scope in ("openid", "profile", "email")]
        return {
            **self._api_v1(email),
            "aud": GRAPH,
            "app_displayname": "Xerus",
            **self._who(email, GRAPH),
            "scp": " ".join([*named, *scopes.graph]),
        }

    def _times(self, lifetime: str) -> dict[str, int]:
        now = int(self._clock.now())
        return {"iat": now, "nbf": now, "exp": now + int(self._config[lifetime])}

    def _tenant(self, email: str) -> str:
        return OTHER_TENANT_ID if email in self._config["foreign_accounts"] else TENANT_ID

    def _person(self, email: str, audience: str) -> dict[str, Any]:
        """Who it is, and what they are in for this application."""
        claims: dict[str, Any] = self._who(email, audience) | self._groups(email)
        roles = [role for who, role in map(str.split, self._config["app_roles"]) if who == email]
        if roles:
            claims["roles"] = roles
        if email in self._config["guest_accounts"]:
            claims["idp"] = f"https://sts.windows.net/{OTHER_TENANT_ID}/"
        return claims

    def _who(self, email: str, audience: str) -> dict[str, str]:
        # sub is pairwise: another value for each audience.
        return {
            "oid": OBJECT_IDS[email],
            "sub": fixed_text(f"sub {email} {audience}", 43),
            "tid": self._tenant(email),
        }

    def _groups(self, email: str) -> dict[str, Any]:
        if not self._config["groups_claim"]:
            return {}
        if email in self._config["groups_overage"]:
            path = f"{self._tenant(email)}/users/{OBJECT_IDS[email]}/getMemberObjects"
            return {
                "_claim_names": {"groups": "src1"},
                "_claim_sources": {"src1": {"endpoint": f"https://graph.windows.net/{path}"}},
            }
        return {"groups": [ADMIN_GROUP_ID] if email in self._config["group_members"] else []}
