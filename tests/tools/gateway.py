"""Ada's own OAuth token, as it reaches Cloud through the gateway, with chosen scopes."""

from collections.abc import Set as AbstractSet
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from pydantic import SecretStr

from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox
from xerus.atlassian.credentials import Deployment, Product, Target
from xerus.ids import CloudId

_CALLBACK = "http://localhost:8000/connections/atlassian/callback"


class GatewayCredentials:
    """One access token for the site acme; it is never renewed."""

    def __init__(self, *, token: str, base: str, cloud_id: str, site_url: str) -> None:
        self._token = SecretStr(f"Bearer {token}")
        self._base = base
        self._cloud_id = CloudId(cloud_id)
        self._site_url = site_url

    async def target(self, product: Product, site: str | None) -> Target:
        assert site is None
        return Target(
            product=product,
            deployment=Deployment.CLOUD,
            api_base=f"{self._base}/ex/{product.value}/{self._cloud_id}",
            browse_base=self._site_url,
            site_name="acme",
            cloud_id=self._cloud_id,
            credential="user",
            account_email=ADA,
            scopes=None,  # so that the gateway is what refuses
        )

    async def authorization(self, target: Target) -> SecretStr:
        assert target.cloud_id == self._cloud_id
        return self._token

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        return None


async def gateway_credentials(sandbox: Sandbox, scopes: AbstractSet[str]) -> GatewayCredentials:
    """Consent as Ada to exactly `scopes` and return the token that comes of it."""
    known = await sandbox.credentials()
    site, base = known["sites"]["acme"], sandbox.atlassian.base
    query = {
        "audience": "api.atlassian.com",
        "client_id": known["atlassian"]["client_id"],
        "scope": " ".join(sorted(scopes)),
        "redirect_uri": _CALLBACK,
        "state": "state",
        "response_type": "code",
        "prompt": "consent",
    }
    async with Browser(stops_at=(_CALLBACK,)) as browser:
        await browser.open(f"{base}/authorize?{urlencode(query)}")
        await browser.click(ADA)
        code = await _accepted(browser)
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
        answer = await http.post(
            f"{base}/oauth/token",
            json={
                "grant_type": "authorization_code",
                "client_id": known["atlassian"]["client_id"],
                "client_secret": known["atlassian"]["client_secret"],
                "code": code,
                "redirect_uri": _CALLBACK,
            },
        )
    granted = answer.json()
    assert set(granted["scope"].split()) == set(scopes)
    return GatewayCredentials(
        token=granted["access_token"], base=base, cloud_id=site["cloud_id"], site_url=site["url"]
    )


async def _accepted(browser: Browser) -> str:
    try:
        await browser.click("Accept")
    except LeftTheWorld as end:
        return dict(parse_qsl(urlsplit(end.url).query))["code"]
    raise AssertionError(browser.page.text)
