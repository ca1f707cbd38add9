"""Data Center's OAuth 2.0 provider: an incoming application link of one Jira or Confluence.

Sources: "Jira OAuth 2.0 provider API" and the same of Confluence. There is no audience, no prompt
and no offline_access; the refresh grant wants the redirect address as well; a refresh token works
once, without a leeway.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from xerus.atlassian.credentials import Deployment, Product, Target
from xerus.clock import Clock
from xerus.connections.links import Link
from xerus.connections.provider import TOKEN_DEADLINE, Account, TokenSet
from xerus.connections.sites import GrantedSite
from xerus.connections.token_answers import read_json, read_token_answer
from xerus.egress.client import Egress
from xerus.errors import UpstreamUnavailable
from xerus.ids import CloudId

READ, WRITE = "READ", "WRITE"
_WRITING = frozenset({WRITE, "ADMIN", "SYSTEM_ADMIN"})
"""Each of them allows to write, and to read as well."""
_WHO_AM_I = {Product.JIRA: "/rest/api/2/myself", Product.CONFLUENCE: "/rest/api/user/current"}


class DataCenterOAuth:
    """Authorization code with PKCE at one server."""

    grant_life: timedelta | None = None

    def __init__(
        self,
        *,
        product: Product,
        base_url: str,
        client_id: str,
        client_secret: SecretStr,
        redirect_uri: str,
        writes: bool,
        egress: Egress,
        clock: Clock,
    ) -> None:
        name = product.value.upper()
        self.link = Link(product)
        self.settings = f"{name}_OAUTH_CLIENT_ID, {name}_OAUTH_CLIENT_SECRET and {name}_URL"
        self.configured = bool(client_id and base_url)
        self.scopes = frozenset({WRITE if writes else READ})
        self._product = product
        self._base = base_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._egress = egress
        self._clock = clock

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent."""
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._base}/rest/oauth2/latest/authorize?{urlencode(query, quote_via=quote)}"

    async def exchange(self, *, code: SecretStr, code_verifier: SecretStr) -> TokenSet:
        """Redeem an authorization code. Raises as `refresh`."""
        return await self._token(
            {
                "grant_type": "authorization_code",
                "code": code.get_secret_value(),
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
        """Return who consented; Confluence tells no e-mail, so there the user name stands for it."""
        me = await self._read(_WHO_AM_I[self._product], access_token)
        known = me if isinstance(me, dict) else {}
        account_id = known.get("key") or known.get("userKey")
        if not isinstance(account_id, str):
            raise UpstreamUnavailable(f"{self.link.label} did not say whose account this is.")
        username = str(known.get("name") or known.get("username") or "")
        return Account(
            account_id=account_id,
            email=str(known.get("emailAddress") or username),
            name=str(known.get("displayName") or username),
        )

    async def sites(self, access_token: SecretStr) -> tuple[GrantedSite, ...]:
        """Return the one server, whose address stands for a cloud id."""
        del access_token
        return (
            GrantedSite(
                cloud_id=CloudId(self._base),
                name=_name(self._base),
                url=self._base,
                products=frozenset({self._product}),
            ),
        )

    async def probe(
        self,
        product: Product,
        cloud_id: CloudId,
        access_token: SecretStr,
        scopes: frozenset[str],
    ) -> None:
        """Ask who one is. Raises as `Provider.probe`."""
        del cloud_id, scopes
        await self._read(_WHO_AM_I[product], access_token)

    def target(
        self, product: Product, site: GrantedSite, *, account: str, granted: frozenset[str]
    ) -> Target:
        """Return the server itself; its scopes say nothing of single tools but "writes"."""
        return Target(
            product=product,
            deployment=Deployment.DATA_CENTER,
            api_base=site.url,
            browse_base=site.url,
            site_name=site.name,
            cloud_id=None,
            credential="user",
            account_email=account,
            scopes=None,
            is_read_only=not granted & _WRITING,
        )

    def missing(self, granted: frozenset[str]) -> frozenset[str]:
        """Return WRITE where it was asked for and not even more was granted."""
        return frozenset() if granted & _WRITING else self.scopes - granted

    async def _token(self, fields: dict[str, str], *, deadline: float) -> TokenSet:
        requested_at = self._clock.now()
        client = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
            "redirect_uri": self._redirect_uri,
        }
        reply = await self._egress.request(
            "POST",
            f"{self._base}/rest/oauth2/latest/token",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=urlencode(client | fields).encode(),
            deadline=deadline,
            alone=True,  # another person's answer would be another person's pair
        )
        return read_token_answer(reply, requested_at, settings=self.settings)

    async def _read(self, path: str, access_token: SecretStr) -> Any:
        return await read_json(self._egress, self._base, path, access_token)


def _name(base: str) -> str:
    """The last part of the path, else the host: `https://example.com/jira` is "jira"."""
    parts = urlsplit(base)
    return parts.path.rstrip("/").rsplit("/", 1)[-1] or parts.hostname or base
