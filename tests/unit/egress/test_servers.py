"""Where a request to a server that an administrator added may go, and where to never."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from starlette.responses import RedirectResponse, Response

from tests.support.remote_server import remote_server
from xerus.egress.servers import Place, ServerEgress
from xerus.errors import EgressRefused, UpstreamUnavailable

LISTED = ServerEgress(hosts=["mcp-atlassian", "10.0.0.5:9000"])
PUBLIC = "https://mcp.example.com/mcp"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (PUBLIC, Place.PUBLIC),
        ("https://mcp.example.com:8443/", Place.PUBLIC),
        ("http://localhost:9000/mcp", Place.HERE),
        ("http://127.0.0.1:9000/mcp", Place.HERE),
        ("https://[::1]:9000/mcp", Place.HERE),
        ("http://mcp-atlassian:9000/mcp", Place.LISTED),
        ("https://mcp-atlassian/mcp", Place.LISTED),
        ("http://10.0.0.5:9000/mcp", Place.LISTED),
    ],
)
def test_an_address_leads_to_where_it_may(url: str, place: Place) -> None:
    assert LISTED.place(url) is place


@pytest.mark.parametrize(
    "url",
    [
        *("http://mcp.example.com/mcp", "http://10.0.0.5:9001/mcp", "https://10.0.0.6/mcp"),
        *("https://169.254.169.254/latest", "https://2130706433/", "https://127.1/", "https://a/"),
        *("https://user@mcp.example.com/", "https://mcp.example.com@127.0.0.1/", "https:///x"),
        *("https://mcp.example.com\\@127.0.0.1/", "https://mcp.example.com/#x", "https://x.y:0/"),
        *("file:///etc/passwd", "ftp://mcp.example.com/", "//mcp.example.com/", "javascript:1"),
        *("https://[::ffff:10.0.0.1]/", "https://mcp.example.com/ x", "https://m\u00fcnchen.de/"),
        *("https://mcp.example.com:99999/", "https://[mcp]/", "https://a.b/" + "x" * 2000, ""),
        "http://127.0.0.1.nip.io/mcp",
    ],
)
def test_no_other_address_is_called(url: str) -> None:
    with pytest.raises(EgressRefused):
        LISTED.place(url)


def test_what_a_public_server_names_does_not_lead_to_this_machine() -> None:
    for url in ("http://127.0.0.1:8000/token", "http://localhost/token", "https://[::1]/token"):
        with pytest.raises(EgressRefused):
            LISTED.place(url, named_by=PUBLIC)
        assert LISTED.place(url, named_by="http://localhost:9000/mcp") is Place.HERE
    assert LISTED.place("https://login.example.com/", named_by=PUBLIC) is Place.PUBLIC


async def test_a_redirect_is_not_followed_and_an_endless_answer_is_cut_off() -> None:
    egress = ServerEgress()
    async with remote_server() as there:
        there.answer = RedirectResponse("http://127.0.0.1:1/elsewhere")
        assert (await egress.request("POST", there.url)).status == 307
        there.answer = Response(b"x" * 3000)
        with pytest.raises(UpstreamUnavailable):
            await egress.request("POST", there.url, max_bytes=2000)
    await egress.close()


class Resolver(AbstractResolver):
    """Gives every name the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for one in self._addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("127.0.0.1", "93.184.216.34"), ()])
async def test_a_name_that_resolves_to_this_network_is_not_called(addresses: tuple[str]) -> None:
    egress = ServerEgress(resolver=Resolver(*addresses))
    with pytest.raises(EgressRefused):
        await egress.request("GET", PUBLIC)
    await egress.close()
