"""Finding an authorization server: what is followed, and every trick that is not."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from xerus.egress.client import Reply
from xerus.egress.servers import ServerEgress
from xerus.errors import UpstreamUnavailable
from xerus.remotes.discovery import Discovery, NotDiscovered

URL = "https://mcp.example.com/v1/mcp"
PRM = "https://mcp.example.com/.well-known/oauth-protected-resource"
ISSUER = "https://login.example.com/tenant"
INSERTED = "https://login.example.com/.well-known/oauth-authorization-server/tenant"
RESOURCE = {"resource": URL, "authorization_servers": [ISSUER], "scopes_supported": ["read"]}
SERVER = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "registration_endpoint": f"{ISSUER}/register",
    "code_challenge_methods_supported": ["S256"],
}


class Published(ServerEgress):
    """Answers with what is published, after the real check of the address."""

    def __init__(self, documents: Mapping[str, object]) -> None:
        super().__init__()
        self._documents = documents
        self.asked: list[str] = []

    async def request(self, method: str, url: str, *, named_by: str = "", **_: Any) -> Reply:
        self.place(url, named_by=named_by)
        self.asked.append(url)
        document = self._documents.get(url)
        if isinstance(document, Reply):
            return document
        body = orjson.dumps(document)
        return Reply(status=404 if document is None else 200, headers={}, body=body)


def published(**changes: object) -> dict[str, object]:
    return {f"{PRM}/v1/mcp": RESOURCE, INSERTED: {**SERVER, **changes}}


async def test_metadata_is_found_where_the_path_is_inserted() -> None:
    egress = Published(published())
    found = await Discovery(egress=egress).find(URL, "")
    assert (found.issuer, found.resource, found.scopes) == (ISSUER, URL, ("read",))
    assert found.auth_methods == {"client_secret_basic"}
    assert egress.asked == [f"{PRM}/v1/mcp", INSERTED]


@pytest.mark.parametrize(
    "place",
    [
        "https://login.example.com/.well-known/openid-configuration/tenant",
        "https://login.example.com/tenant/.well-known/openid-configuration",
    ],
)
async def test_openid_discovery_does_as_well(place: str) -> None:
    egress = Published({PRM: RESOURCE, place: SERVER})
    assert (await Discovery(egress=egress).find(URL, "")).issuer == ISSUER


async def test_the_refusal_says_where_metadata_and_scopes_are() -> None:
    elsewhere = "https://meta.example.com/prm"
    egress = Published({elsewhere: RESOURCE, INSERTED: SERVER})
    challenge = f'Bearer resource_metadata="{elsewhere}", scope="write admin"'
    found = await Discovery(egress=egress).find(URL, challenge)
    assert found.scopes == ("write", "admin")
    assert egress.asked[0] == elsewhere


async def test_a_server_from_before_resource_metadata_is_its_own_authorization_server() -> None:
    issuer = "https://mcp.example.com"
    document = {**SERVER, "issuer": issuer}
    egress = Published({f"{issuer}/.well-known/oauth-authorization-server": document})
    found = await Discovery(egress=egress).find(URL, "")
    assert (found.issuer, found.resource) == (issuer, URL)


async def test_offline_access_is_asked_for_where_it_is_offered() -> None:
    egress = Published(published(scopes_supported=["openid", "offline_access"]))
    assert (await Discovery(egress=egress).find(URL, "")).scopes == ("read", "offline_access")


EVIL = [
    *("http://127.0.0.1:8000/token", "http://localhost/token", "https://[::1]/token"),
    *("http://10.0.0.1/token", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/"),
    *("http://login.example.com/token", "https://user@login.example.com/token", "/token"),
    *("file:///etc/passwd", "javascript:alert(1)", "https://login.example.com\\@10.0.0.1/", ""),
    *("https://login.example.com/to ken", "https://2130706433/", "data:text/html,x", 7, None),
]


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize("address", EVIL)
async def test_ssrf_an_endpoint_of_metadata_leads_to_the_public_internet_or_is_not_used(
    endpoint: str, address: object
) -> None:
    egress = Published(published(**{endpoint: address}))
    with pytest.raises(NotDiscovered):
        await Discovery(egress=egress).find(URL, "")


@pytest.mark.parametrize("endpoint", ["registration_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize("address", [one for one in EVIL if one is not None])
async def test_ssrf_nor_do_the_endpoints_that_may_be_missing(
    endpoint: str, address: object
) -> None:
    egress = Published(published(**{endpoint: address}))
    with pytest.raises(NotDiscovered):
        await Discovery(egress=egress).find(URL, "")


@pytest.mark.parametrize("address", [one for one in EVIL if isinstance(one, str) and one])
async def test_ssrf_metadata_is_not_read_from_where_a_server_says(address: str) -> None:
    for documents, challenge in (
        ({}, f'Bearer resource_metadata="{address}"'),
        ({PRM: {**RESOURCE, "authorization_servers": [address]}}, ""),
    ):
        egress = Published(documents)
        with pytest.raises(NotDiscovered):
            await Discovery(egress=egress).find(URL, challenge)
        assert all(
            asked.startswith("https://") and "example.com/" in asked for asked in egress.asked
        )


@pytest.mark.parametrize(
    "resource",
    [
        {**RESOURCE, "resource": "https://other.example.com/v1/mcp"},
        {**RESOURCE, "resource": "https://mcp.example.com/v1/mc"},
        {**RESOURCE, "resource": "http://mcp.example.com/v1/mcp"},
        {**RESOURCE, "resource": None},
        {**RESOURCE, "authorization_servers": []},
        {**RESOURCE, "authorization_servers": [{"x": 1}]},
        {**RESOURCE, "authorization_servers": [f"{ISSUER}?x=1"]},
        {**RESOURCE, "authorization_servers": "https://login.example.com/tenant"},
    ],
)
async def test_metadata_of_another_resource_or_without_a_server_is_not_used(
    resource: dict[str, object],
) -> None:
    egress = Published({f"{PRM}/v1/mcp": resource, INSERTED: SERVER})
    with pytest.raises(NotDiscovered):
        await Discovery(egress=egress).find(URL, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": "https://login.example.com"},
        {"issuer": None},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": None},
    ],
)
async def test_another_issuer_and_a_server_without_pkce_are_refused(
    changes: dict[str, object],
) -> None:
    with pytest.raises(NotDiscovered):
        await Discovery(egress=Published(published(**changes))).find(URL, "")


async def test_a_redirect_is_not_followed_and_a_page_is_no_metadata() -> None:
    moved = Reply(status=302, headers={"Location": "http://127.0.0.1/"}, body=b"")
    page = Reply(status=200, headers={}, body=b"<html>")
    with pytest.raises(NotDiscovered):
        await Discovery(egress=Published({PRM: moved, f"{PRM}/v1/mcp": page})).find(URL, "")


async def test_a_server_in_trouble_is_no_verdict() -> None:
    down = Reply(status=503, headers={}, body=b"")
    with pytest.raises(UpstreamUnavailable):
        await Discovery(egress=Published({f"{PRM}/v1/mcp": down})).find(URL, "")


async def test_scopes_of_strangers_are_bounded_and_in_their_form() -> None:
    odd = ['a"b', "x y", "", "é", 7, *(f"s{n}" for n in range(200))]
    egress = Published({f"{PRM}/v1/mcp": {**RESOURCE, "scopes_supported": odd}, INSERTED: SERVER})
    found = await Discovery(egress=egress).find(URL, "")
    assert found.scopes == tuple(f"s{n}" for n in range(50))
