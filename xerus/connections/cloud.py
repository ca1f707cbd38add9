"""Atlassian Cloud's authorization server as this product uses it: three requests and a probe."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from pydantic import SecretStr

from xerus.atlassian.credentials import Deployment, Product, Target
from xerus.atlassian.ledger import Payer, PointsLedger
from xerus.clock import Clock
from xerus.connections.links import Link
from xerus.connections.provider import TOKEN_DEADLINE, Account, TokenSet
from xerus.connections.sites import GrantedSite, merge_resources
from xerus.connections.token_answers import read_json, read_token_answer
from xerus.egress.client import Egress
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.ids import CloudId

GRANT_LIFE = timedelta(days=365)
"""Atlassian ends each consent to Cloud after a year."""

# What the dearest of the probes costs of Atlassian's hourly points: one object of identity.
_PROBE_POINTS = 3
_ALWAYS_ASKED = frozenset({"offline_access", "read:me"})

# A cheap read for each product, by the scope that allows it: the first that was granted is used.
_PROBES: Mapping[Product, tuple[tuple[str, str], ...]] = {
    Product.JIRA: (
        ("read:jira-user", "/rest/api/3/myself"),
        ("read:jira-work", "/rest/api/3/project/search?maxResults=1"),
    ),
    Product.CONFLUENCE: (
        ("read:space:confluence", "/wiki/api/v2/spaces?limit=1"),
        ("read:page:confluence", "/wiki/api/v2/pages?limit=1"),
        ("search:confluence", "/wiki/rest/api/search?cql=type%3Dpage&limit=1"),
    ),
}


class CloudOAuth:
    """OAuth 2.0 (3LO) with one registered app."""

    link = Link.CLOUD
    settings = "ATLASSIAN_OAUTH_CLIENT_ID and ATLASSIAN_OAUTH_CLIENT_SECRET"
    grant_life: timedelta | None = GRANT_LIFE

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: SecretStr,
        redirect_uri: str,
        auth_url: str,
        api_url: str,
        scopes: frozenset[str],
        egress: Egress,
        clock: Clock,
        points: PointsLedger | None = None,
    ) -> None:
        self.configured = bool(client_id)
        self.scopes = scopes | _ALWAYS_ASKED
        self._api_url = api_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._auth_url = auth_url.rstrip("/")
        self._egress = egress
        self._clock = clock
        self._points = points

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent.

        Atlassian documents no PKCE for 3LO; the challenge is sent as a second line of defence.
        """
        query = {
            "audience": _audience(self._api_url),
            "client_id": self._client_id,
            "scope": " ".join(_classic_first(self.scopes)),
            "redirect_uri": self._redirect_uri,
            "state": state,
            "response_type": "code",
            "prompt": "consent",
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._auth_url}/authorize?{urlencode(query, quote_via=quote)}"

    async def exchange(self, *, code: SecretStr, code_verifier: SecretStr) -> TokenSet:
        """Redeem an authorization code. Raises as `refresh`."""
        return await self._token(
            {
                "grant_type": "authorization_code",
                "code": code.get_secret_value(),
                "redirect_uri": self._redirect_uri,
                "code_verifier": code_verifier.get_secret_value(),
            },
            deadline=TOKEN_DEADLINE,
        )

    async def refresh(self, refresh_token: SecretStr, *, deadline: float) -> TokenSet:
        """Spend a refresh token. Raises as `Provider.refresh`."""
        return await self._token(
            {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()},
            deadline=deadline,
        )

    async def account(self, access_token: SecretStr) -> Account:
        """Return who consented (`read:me`)."""
        me = await self._read("/me", access_token)
        if not isinstance(me, dict) or not isinstance(me.get("account_id"), str):
            raise UpstreamUnavailable("Atlassian did not say whose account this is.")
        return Account(
            account_id=me["account_id"],
            email=str(me.get("email") or ""),
            name=str(me.get("name") or me.get("nickname") or ""),
        )

    async def sites(self, access_token: SecretStr) -> tuple[GrantedSite, ...]:
        """Return the sites of the grant, each once; empty when the account has none."""
        resources = await self._read("/oauth/token/accessible-resources", access_token)
        if not isinstance(resources, list):
            raise UpstreamUnavailable("Atlassian did not list the sites of this account.")
        return merge_resources(resources)

    async def probe(
        self,
        product: Product,
        cloud_id: CloudId,
        access_token: SecretStr,
        scopes: frozenset[str],
    ) -> None:
        """Make one real, cheap call to the product; nothing when no granted scope allows one.

        Raises:
            UpstreamRefused: the product does not serve this account.
            UpstreamUnavailable: no verdict.
        """
        path = next((path for scope, path in _PROBES[product] if scope in scopes), None)
        if path is None:
            raise UpstreamRefused(
                f"No permission to read {product.value.title()} was granted.",
                hint="Connect again and accept all permissions.",
            )
        if self._points is not None:
            self._points.spend(Payer(product=product, site=cloud_id), _PROBE_POINTS, {})
        await self._read(f"/ex/{product.value}/{quote(cloud_id, safe='')}{path}", access_token)

    def target(
        self, product: Product, site: GrantedSite, *, account: str, granted: frozenset[str]
    ) -> Target:
        """Return the product behind the API gateway."""
        return Target(
            product=product,
            deployment=Deployment.CLOUD,
            api_base=f"{self._api_url}/ex/{product.value}/{quote(site.cloud_id, safe='')}",
            browse_base=site.url,
            site_name=site.name,
            cloud_id=site.cloud_id,
            credential="user",
            account_email=account,
            scopes=granted,
        )

    def missing(self, granted: frozenset[str]) -> frozenset[str]:
        """Return what was not granted; `offline_access` is no scope of a token."""
        return self.scopes - granted - {"offline_access"}

    async def _token(self, fields: dict[str, str], *, deadline: float) -> TokenSet:
        requested_at = self._clock.now()
        client = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        reply = await self._egress.request(
            "POST",
            f"{self._auth_url}/oauth/token",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=orjson.dumps(client | fields),
            deadline=deadline,
            alone=True,  # another person's answer would be another person's pair
        )
        return read_token_answer(reply, requested_at, settings=self.settings)

    async def _read(self, path: str, access_token: SecretStr) -> Any:
        return await read_json(self._egress, self._api_url, path, access_token)


def _classic_first(scopes: frozenset[str]) -> list[str]:
    """Classic scopes (`read:jira-work`) before granular ones, as Atlassian advises."""
    return sorted(scopes, key=lambda scope: (scope.count(":") > 1, scope))


def _audience(api_url: str) -> str:
    """The API's host name; a simulated one on the loopback plays `api.atlassian.com`."""
    host = urlsplit(api_url).hostname or ""
    return host if host.startswith("api.") else "api.atlassian.com"
