"""The operator's own tokens as `Credentials`: every caller acts as one and the same account.

Cloud has API tokens of two kinds: one without scopes works on the site only, one with scopes on
the API gateway only (facts b5). Nothing in a token tells which it is, so the site is asked first.
"""

import asyncio
import base64
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from xerus.atlassian.credentials import (
    Deployment,
    Product,
    ProductUnavailable,
    SiteUnknown,
    Target,
)
from xerus.atlassian.errors import is_scope_miss
from xerus.egress.client import Egress, Reply
from xerus.errors import NotConfigured, UpstreamUnavailable
from xerus.ids import CloudId

_OK = 200
_UNAUTHORIZED = 401
_KNOWN_HERE = (200, 403)
_TOO_MANY = 429
_ASK_AGAIN = (401, 403)
_SERVER_ERROR = 500
_WHO_AM_I = {
    Product.JIRA: "/rest/api/3/myself",
    Product.CONFLUENCE: "/wiki/rest/api/user/current",
}
"""Read with a credential only: much else on a Cloud site is answered to strangers, less of it."""

_WHO_AM_I_ON_DATA_CENTER = {
    Product.JIRA: "/rest/api/2/myself",
    Product.CONFLUENCE: "/rest/api/user/current",
}


@dataclass(frozen=True, kw_only=True)
class SharedToken:
    """What the settings hold for one product; `username` may be empty on Data Center."""

    url: str
    username: str
    token: SecretStr


class SharedCredentials:
    """Basic with e-mail and API token on Cloud, a Bearer PAT on Data Center (facts b9)."""

    def __init__(
        self,
        *,
        egress: Egress,
        api_url: str,
        jira: SharedToken | None,
        confluence: SharedToken | None,
    ) -> None:
        self._egress = egress
        self._api_url = api_url.rstrip("/")
        tokens = {Product.JIRA: jira, Product.CONFLUENCE: confluence}
        self._tokens = {product: token for product, token in tokens.items() if token is not None}
        self._targets: dict[Product, Target] = {}
        self._learning = asyncio.Lock()

    @property
    def products(self) -> frozenset[Product]:
        """The products that a token is configured for."""
        return frozenset(self._tokens)

    async def target(self, product: Product, site: str | None) -> Target:
        """Return the configured site of `product`, its deployment learnt on the first call."""
        token = self._tokens.get(product)
        if token is None:
            name = product.value
            raise ProductUnavailable(
                f"No {name.title()} is configured.",
                hint=f"The operator sets {name.upper()}_URL and {name.upper()}_PERSONAL_TOKEN.",
            )
        target = self._targets.get(product) or await self._learn_once(product, token)
        if site and site.strip().rstrip("/").casefold() not in _names(target):
            raise SiteUnknown(site, [target.site_name])
        return target

    async def authorization(self, target: Target) -> SecretStr:
        """Return the header value for the deployment that was found."""
        return _header(self._tokens[target.product], target.deployment)

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        """Return None: only the operator can replace a token."""
        del target, rejected
        return None

    async def prove(self, product: Product) -> None:
        """Make a real, cheap call with the token of a product.

        Raises:
            ProductUnavailable: no token is configured for it.
            NotConfigured: the token is refused.
            UpstreamUnavailable: nothing was learnt.
        """
        target = await self.target(product, None)
        path = _WHO_AM_I[product] if target.is_cloud else _WHO_AM_I_ON_DATA_CENTER[product]
        reply = await self._egress.request(
            "GET",
            target.api_base + path,
            headers={
                "Authorization": (await self.authorization(target)).get_secret_value(),
                "Accept": "application/json",
            },
        )
        if reply.status == _TOO_MANY or reply.status >= _SERVER_ERROR:
            raise _away(reply)
        if reply.status == _UNAUTHORIZED and not is_scope_miss(reply):
            raise _token_refused(f"{product.value.upper()}_URL", f"status {reply.status}")

    async def _learn_once(self, product: Product, token: SharedToken) -> Target:
        async with self._learning:
            if product not in self._targets:
                self._targets[product] = await self._learn(product, token)
        return self._targets[product]

    async def _learn(self, product: Product, token: SharedToken) -> Target:
        base = token.url.rstrip("/")
        ask = self._jira_deployment if product is Product.JIRA else self._confluence_deployment
        deployment = await ask(base, token)
        cloud_id, api_base = None, base
        if deployment is Deployment.CLOUD:
            base = base.removesuffix("/wiki") if product is Product.CONFLUENCE else base
            cloud_id = await self._cloud_id(base)
            api_base = await self._cloud_api_base(product, base, cloud_id, token)
        return Target(
            product=product,
            deployment=deployment,
            api_base=api_base,
            browse_base=base,
            site_name=_site_name(base),
            cloud_id=cloud_id,
            credential="shared",
            account_email=token.username,
            scopes=None,
        )

    async def _jira_deployment(self, base: str, token: SharedToken) -> Deployment:
        """Ask Jira what it is. Most servers tell strangers; some only people with a token."""
        reply = await self._egress.request("GET", base + "/rest/api/2/serverInfo")
        for deployment, version in ((Deployment.DATA_CENTER, "2"), (Deployment.CLOUD, "3")):
            if reply.status not in _ASK_AGAIN:
                break
            header = _header(token, deployment).get_secret_value()
            reply = await self._egress.request(
                "GET",
                f"{base}/rest/api/{version}/serverInfo",
                headers={"Authorization": header},
            )
        if reply.status in _ASK_AGAIN and await self._cloud_id(base):
            return Deployment.CLOUD  # its token is perhaps one for the gateway
        if reply.status != _OK:
            raise _unreadable("JIRA_URL", reply)
        found = reply.json()
        is_cloud = isinstance(found, dict) and found.get("deploymentType") == "Cloud"
        return Deployment.CLOUD if is_cloud else Deployment.DATA_CENTER

    async def _confluence_deployment(self, base: str, token: SharedToken) -> Deployment:
        """Only Cloud has a tenant; Confluence itself does not name its deployment."""
        del token
        cloud_id = await self._cloud_id(base.removesuffix("/wiki"))
        return Deployment.CLOUD if cloud_id else Deployment.DATA_CENTER

    async def _cloud_api_base(
        self, product: Product, site: str, cloud_id: CloudId | None, token: SharedToken
    ) -> str:
        """Return where this token works: the site, or the gateway for a token with scopes.

        The token goes to the configured site and the configured gateway, nowhere else.
        """
        if cloud_id is None or await self._greeted(product, site, token) is not False:
            return site
        gateway = f"{self._api_url}/ex/{product.value}/{quote(cloud_id, safe='')}"
        if await self._greeted(product, gateway, token):
            return gateway
        raise _token_refused(f"{product.value.upper()}_URL", "neither site nor gateway took it")

    async def _greeted(self, product: Product, base: str, token: SharedToken) -> bool | None:
        """Whether `base` takes the token; None for an answer that says nothing about it.

        A missing scope is told to a token that was recognised.
        """
        reply = await self._egress.request(
            "GET",
            base + _WHO_AM_I[product],
            headers={"Authorization": _header(token, Deployment.CLOUD).get_secret_value()},
        )
        if reply.status == _TOO_MANY or reply.status >= _SERVER_ERROR:
            raise _away(reply)
        if reply.status == _UNAUTHORIZED:
            return is_scope_miss(reply)
        return True if reply.status in _KNOWN_HERE else None

    async def _cloud_id(self, base: str) -> CloudId | None:
        reply = await self._egress.request("GET", base + "/_edge/tenant_info")
        if reply.status >= _SERVER_ERROR:
            raise _unreadable("CONFLUENCE_URL", reply)
        if reply.status != _OK:
            return None
        try:
            found = reply.json()
        except UpstreamUnavailable:
            return None  # a login page of Data Center
        cloud_id = found.get("cloudId") if isinstance(found, dict) else None
        return CloudId(cloud_id) if cloud_id else None


def _header(token: SharedToken, deployment: Deployment) -> SecretStr:
    secret = token.token.get_secret_value()
    if deployment is Deployment.DATA_CENTER:
        return SecretStr(f"Bearer {secret}")
    return SecretStr("Basic " + base64.b64encode(f"{token.username}:{secret}".encode()).decode())


def _site_name(base: str) -> str:
    parts = urlsplit(base)
    host = parts.hostname or base
    if host.endswith(".atlassian.net"):
        return host.split(".")[0]
    return parts.path.rstrip("/").rsplit("/", 1)[-1] or host


def _names(target: Target) -> set[str]:
    host = urlsplit(target.browse_base).netloc
    names = (target.site_name, target.browse_base, target.browse_base + "/wiki", host)
    return {name.casefold() for name in (*names, target.cloud_id or host)}


def _unreadable(setting: str, reply: Reply) -> NotConfigured | UpstreamUnavailable:
    if reply.status >= _SERVER_ERROR:
        return _away(reply)
    if reply.status in _ASK_AGAIN:
        return _token_refused(setting, f"status {reply.status}")
    return NotConfigured(
        f"The server at {setting} does not answer like Jira or Confluence.",
        hint=f"The operator checks {setting}: it is the base URL of the product.",
        debug=f"status {reply.status}",
    )


def _token_refused(setting: str, debug: str) -> NotConfigured:
    return NotConfigured(
        f"The server at {setting} refuses the configured token.",
        hint="The operator checks the token; on Cloud also the user name, an e-mail.",
        debug=debug,
    )


def _away(reply: Reply) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        "Atlassian has a problem of its own.",
        hint="Try again later.",
        upstream_status=reply.status,
    )
