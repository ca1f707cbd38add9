"""Atlassian's authorization server as this product uses it: three requests and a probe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from pydantic import SecretStr

from xerus.atlassian.credentials import Product
from xerus.clock import Clock
from xerus.connections.sites import GrantedSite, merge_resources
from xerus.egress.client import Egress, Reply
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.ids import CloudId

TOKEN_DEADLINE = 20.0
"""Total seconds for a token request. A shorter one loses grants: a request that timed out may
have rotated the token all the same."""

_READ_DEADLINE = 10.0
_ALWAYS_ASKED = frozenset({"offline_access", "read:me"})
_DEAD_GRANT = frozenset({"invalid_grant", "unauthorized_client"})
_OUR_FAULT = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "unsupported_grant_type",
    }
)

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


class GrantRefused(UpstreamRefused):
    """The code or refresh token is not, or no longer, good."""

    code = "grant_refused"


class ClientRejected(UpstreamRefused):
    """Atlassian refuses our own client id, secret or request: the operator's matter, no person's.

    `access_denied` at the token endpoint means a wrong client secret, not a decision of a user.
    """

    code = "client_rejected"


@dataclass(frozen=True, kw_only=True)
class TokenSet:
    """An answer of the token endpoint. `refresh_token` and `scopes` may be left out by it."""

    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_in: int
    scopes: frozenset[str] | None
    requested_at: datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """The Atlassian account that consented."""

    account_id: str
    email: str
    name: str


class AtlassianOAuth:
    """OAuth 2.0 (3LO) with one registered app."""

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
    ) -> None:
        self.configured = bool(client_id)
        self.scopes = scopes | _ALWAYS_ASKED
        self.api_url = api_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._auth_url = auth_url.rstrip("/")
        self._egress = egress
        self._clock = clock

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent.

        Atlassian documents no PKCE for 3LO; the challenge is sent as a second line of defence.
        """
        query = {
            "audience": _audience(self.api_url),
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
        """Spend a refresh token.

        Raises:
            GrantRefused: the token is dead; nothing but a new consent helps.
            ClientRejected: our configuration is wrong; says nothing about the grant.
            UpstreamUnavailable: no verdict. The token may have been rotated all the same.
        """
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
        await self._read(f"/ex/{product.value}/{quote(cloud_id, safe='')}{path}", access_token)

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
        )
        return _read_token_answer(reply, requested_at)

    async def _read(self, path: str, access_token: SecretStr) -> Any:
        reply = await self._egress.request(
            "GET",
            f"{self.api_url}{path}",
            headers={
                "Authorization": f"Bearer {access_token.get_secret_value()}",
                "Accept": "application/json",
            },
            deadline=_READ_DEADLINE,
        )
        if reply.status == HTTPStatus.OK:
            return reply.json()
        raise _read_failure(path, reply)


def _read_token_answer(reply: Reply, requested_at: datetime) -> TokenSet:
    answer = _json_object(reply)
    if reply.status == HTTPStatus.OK and isinstance(answer.get("access_token"), str):
        return TokenSet(
            access_token=SecretStr(answer["access_token"]),
            refresh_token=_optional_secret(answer.get("refresh_token")),
            expires_in=_lifetime(answer.get("expires_in")),
            scopes=_optional_scopes(answer.get("scope")),
            requested_at=requested_at,
        )
    raise _token_failure(reply, str(answer.get("error", "")))


def _token_failure(reply: Reply, error: str) -> UpstreamRefused | UpstreamUnavailable:
    """Read a failure as observed at Atlassian, where the status alone says little.

    A 4xx without a known `error` comes from a proxy on the way, and is no verdict on the grant.
    """
    refused = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    debug = f"token endpoint: status {reply.status}, error {error!r}"
    if refused and error in _DEAD_GRANT:
        return GrantRefused(
            "Atlassian no longer accepts this authorization.",
            hint="Connect Atlassian again on the Tools page.",
            debug=debug,
            upstream_status=reply.status,
        )
    if refused and error in _OUR_FAULT:
        return ClientRejected(
            "Atlassian rejected this server's own app credentials.",
            hint="An administrator has to check ATLASSIAN_OAUTH_CLIENT_ID and "
            "ATLASSIAN_OAUTH_CLIENT_SECRET. Connections are kept.",
            debug=debug,
            upstream_status=reply.status,
        )
    return _unavailable(reply, debug)


def _read_failure(path: str, reply: Reply) -> UpstreamRefused | UpstreamUnavailable:
    debug = f"GET {path.partition('?')[0]}: status {reply.status}"
    if reply.status in {401, 403, 404}:
        return UpstreamRefused(
            f"Atlassian refused a first read with status {reply.status}.",
            hint="Check at Atlassian that this account may use the product and that the "
            "organisation allows the app.",
            debug=debug,
            upstream_status=reply.status,
        )
    return _unavailable(reply, debug)


def _unavailable(reply: Reply, debug: str) -> UpstreamUnavailable:
    retry_after = reply.headers.get("Retry-After", "")
    return UpstreamUnavailable(
        f"Atlassian cannot answer at the moment (status {reply.status}).",
        hint="Try again in a minute.",
        debug=debug,
        upstream_status=reply.status,
        retry_after=int(retry_after) if retry_after.isdecimal() else None,
    )


def _json_object(reply: Reply) -> dict[str, Any]:
    try:
        answer = reply.json()
    except UpstreamUnavailable:
        return {}
    return answer if isinstance(answer, dict) else {}


def _optional_secret(value: object) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and value else None


def _optional_scopes(value: object) -> frozenset[str] | None:
    return frozenset(value.split()) if isinstance(value, str) else None


def _lifetime(value: object) -> int:
    try:
        return max(1, int(str(value)))
    except ValueError:
        return 3600  # what Atlassian documents


def _classic_first(scopes: frozenset[str]) -> list[str]:
    """Classic scopes (`read:jira-work`) before granular ones, as Atlassian advises."""
    return sorted(scopes, key=lambda scope: (scope.count(":") > 1, scope))


def _audience(api_url: str) -> str:
    """The API's host name; a simulated one on the loopback plays `api.atlassian.com`."""
    host = urlsplit(api_url).hostname or ""
    return host if host.startswith("api.") else "api.atlassian.com"
