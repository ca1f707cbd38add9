import asyncio
import base64

import pytest
from pydantic import SecretStr

from tests.unit.tools.fakes import ScriptedEgress, reply
from xerus.atlassian.credentials import Deployment, Product, ProductUnavailable, SiteUnknown
from xerus.atlassian.pat import SharedCredentials, SharedToken
from xerus.egress.client import Reply
from xerus.errors import NotConfigured, UpstreamUnavailable

_CLOUD = reply(200, {"deploymentType": "Cloud"})
_SERVER = reply(200, {"deploymentType": "Server"})
_TENANT = reply(200, {"cloudId": "c-1"})
_ME = reply(200, {"accountId": "a-1"})
_GATEWAY = "https://api.example.com/ex/jira/c-1"
_TOKEN = SharedToken(
    url="https://acme.atlassian.net/", username="ada@example.com", token=SecretStr("t0ken")
)


def _shared(
    egress: ScriptedEgress,
    *,
    jira: SharedToken | None = None,
    confluence: SharedToken | None = None,
) -> SharedCredentials:
    return SharedCredentials(
        egress=egress, api_url="https://api.example.com/", jira=jira, confluence=confluence
    )


def jira(*script: Reply | Exception) -> tuple[SharedCredentials, ScriptedEgress]:
    egress = ScriptedEgress(*script)
    return _shared(egress, jira=_TOKEN), egress


def confluence(url: str, *script: Reply) -> SharedCredentials:
    token = SharedToken(url=url, username="ada@example.com", token=SecretStr("t0ken"))
    return _shared(ScriptedEgress(*script), confluence=token)


async def header(credentials: SharedCredentials, product: Product) -> str:
    target = await credentials.target(product, None)
    return (await credentials.authorization(target)).get_secret_value()


async def test_cloud_gets_basic_with_the_e_mail() -> None:
    credentials, _ = jira(_CLOUD, _TENANT, _ME)
    expected = "Basic " + base64.b64encode(b"ada@example.com:t0ken").decode()
    assert await header(credentials, Product.JIRA) == expected
    target = await credentials.target(Product.JIRA, None)
    assert (target.site_name, target.cloud_id, target.credential) == ("acme", "c-1", "shared")
    assert target.api_base == "https://acme.atlassian.net"


async def test_data_center_gets_a_bearer_even_with_a_user_name_and_a_cloud_like_address() -> None:
    credentials, _ = jira(_SERVER)
    assert await header(credentials, Product.JIRA) == "Bearer t0ken"
    target = await credentials.target(Product.JIRA, None)
    assert target.deployment is Deployment.DATA_CENTER


async def test_a_server_that_tells_nothing_to_strangers_is_asked_with_the_token() -> None:
    credentials, egress = jira(reply(401), reply(401), _CLOUD, _TENANT, _ME)
    assert (await header(credentials, Product.JIRA)).startswith("Basic ")
    assert [sent.headers.get("Authorization", "")[:6] for sent in egress.sent] == [
        "",
        "Bearer",
        "Basic ",
        "",
        "Basic ",
    ]


async def test_the_deployment_is_learnt_once_also_by_parallel_calls() -> None:
    credentials, egress = jira(_SERVER)
    await asyncio.gather(*(credentials.target(Product.JIRA, None) for _ in range(20)))
    assert len(egress.sent) == 1


async def test_an_outage_while_learning_is_not_remembered() -> None:
    credentials, _ = jira(reply(503), UpstreamUnavailable("away"), _SERVER)
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            await credentials.target(Product.JIRA, None)
    assert (await credentials.target(Product.JIRA, None)).deployment is Deployment.DATA_CENTER


async def test_a_wrong_address_names_the_setting_and_no_secret() -> None:
    credentials, _ = jira(reply(404, b"<html>"))
    with pytest.raises(NotConfigured, match="JIRA_URL") as caught:
        await credentials.target(Product.JIRA, None)
    assert "t0ken" not in f"{caught.value.message}{caught.value.hint}{caught.value.debug}"


async def test_a_token_that_the_server_refuses_is_told_apart_from_a_wrong_address() -> None:
    credentials, _ = jira(reply(401), reply(401), reply(401), reply(404))
    with pytest.raises(NotConfigured, match="JIRA_URL refuses the configured token"):
        await credentials.target(Product.JIRA, None)


async def test_a_token_that_the_site_refuses_is_tried_at_the_gateway() -> None:
    for answer in (_ME, reply(401, X_Failure_Category="FAILURE_CLIENT_SCOPE_CHECK")):
        credentials, egress = jira(_CLOUD, _TENANT, reply(401), answer)
        target = await credentials.target(Product.JIRA, None)
        assert (target.api_base, target.browse_base) == (_GATEWAY, "https://acme.atlassian.net")
        with_token = [sent.url for sent in egress.sent if "Authorization" in sent.headers]
        assert with_token == [
            "https://acme.atlassian.net/rest/api/3/myself",
            f"{_GATEWAY}/rest/api/3/myself",
        ]


async def test_a_site_that_tells_nothing_without_a_token_it_takes_is_known_by_its_tenant() -> None:
    refused = [reply(401)] * 3
    credentials, _ = jira(*refused, _TENANT, _TENANT, reply(401), _ME)
    target = await credentials.target(Product.JIRA, None)
    assert (target.is_cloud, target.api_base) == (True, _GATEWAY)


async def test_a_cloud_id_cannot_lead_the_token_off_the_gateway() -> None:
    tenant = reply(200, {"cloudId": "../@evil.example/#"})
    credentials, _ = jira(_CLOUD, tenant, reply(401), _ME)
    target = await credentials.target(Product.JIRA, None)
    assert target.api_base == "https://api.example.com/ex/jira/..%2F%40evil.example%2F%23"


async def test_a_token_that_neither_site_nor_gateway_takes_is_said_to_be_refused() -> None:
    for answer in (reply(401), reply(404)):
        credentials, _ = jira(_CLOUD, _TENANT, reply(401), answer)
        with pytest.raises(NotConfigured, match="JIRA_URL refuses the configured token"):
            await credentials.target(Product.JIRA, None)


async def test_a_busy_site_is_asked_again_before_the_gateway_is() -> None:
    credentials, _ = jira(_CLOUD, _TENANT, reply(429), _CLOUD, _TENANT, _ME)
    with pytest.raises(UpstreamUnavailable):
        await credentials.target(Product.JIRA, None)
    target = await credentials.target(Product.JIRA, None)
    assert target.api_base == "https://acme.atlassian.net"


async def test_confluence_on_cloud_is_known_by_its_tenant() -> None:
    credentials = confluence("https://acme.atlassian.net/wiki", _TENANT, _TENANT, _ME)
    target = await credentials.target(Product.CONFLUENCE, "https://acme.atlassian.net/wiki")
    assert target.is_cloud
    assert target.browse_base == "https://acme.atlassian.net"


async def test_confluence_on_data_center_keeps_its_context_path() -> None:
    for answer in (reply(404), reply(200, b"<html>log in</html>"), reply(302)):
        credentials = confluence("https://docs.example/wiki", answer)
        target = await credentials.target(Product.CONFLUENCE, None)
        assert target.api_base == "https://docs.example/wiki"
        assert await header(credentials, Product.CONFLUENCE) == "Bearer t0ken"


async def test_sites_and_products_that_are_not_configured_are_named() -> None:
    credentials, _ = jira(_CLOUD, _TENANT, _ME)
    for name in ("acme", "ACME.atlassian.net", "c-1", "https://acme.atlassian.net/"):
        assert (await credentials.target(Product.JIRA, name)).site_name == "acme"
    with pytest.raises(SiteUnknown, match="acme"):
        await credentials.target(Product.JIRA, "other")
    with pytest.raises(ProductUnavailable) as caught:
        await credentials.target(Product.CONFLUENCE, None)
    assert "CONFLUENCE_URL" in caught.value.hint


async def test_a_shared_token_cannot_be_renewed() -> None:
    credentials, _ = jira(_SERVER)
    target = await credentials.target(Product.JIRA, None)
    assert await credentials.renew(target, SecretStr("x")) is None
    assert "t0ken" not in repr(_TOKEN)


async def test_a_token_is_proven_by_a_real_call_of_its_deployment() -> None:
    credentials, egress = jira(_CLOUD, _TENANT, _ME, _ME)
    await credentials.prove(Product.JIRA)
    assert egress.sent[-1].url == "https://acme.atlassian.net/rest/api/3/myself"
    credentials, egress = jira(_SERVER, _ME)
    await credentials.prove(Product.JIRA)
    assert egress.sent[-1].url == "https://acme.atlassian.net/rest/api/2/myself"
    assert egress.sent[-1].headers["Authorization"] == "Bearer t0ken"


async def test_a_refused_token_is_told_from_an_outage_and_from_a_missing_scope() -> None:
    with pytest.raises(NotConfigured, match="refuses the configured token"):
        await jira(_SERVER, reply(401))[0].prove(Product.JIRA)
    for status in (429, 503):
        with pytest.raises(UpstreamUnavailable):
            await jira(_SERVER, reply(status))[0].prove(Product.JIRA)
    await jira(_SERVER, reply(403))[0].prove(Product.JIRA)
