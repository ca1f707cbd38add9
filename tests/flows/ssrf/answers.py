"""Row 14 of the list of threats: a server that may be called names another in its answers.

Each client below is one that takes an address out of an answer, with the real way out, allowed to
call the liar and nobody else. Where it goes is watched in this program.
"""

import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import SecretStr

from tests.flows.ssrf.addresses import ANY, addresses
from tests.support.connects import watched
from tests.unit.tools.fakes import FakeCredentials, target
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.transport import Transport
from xerus.clock import SystemClock
from xerus.connections.token_answers import read_json
from xerus.egress.client import Egress
from xerus.egress.public import PublicReader
from xerus.errors import EgressRefused, UpstreamUnavailable, XerusError
from xerus.oauth.credential import ClientSecret
from xerus.oauth.discovery import Discovery
from xerus.oauth.memberships import memberships
from xerus.oauth.provider import IdentityProvider

Told = Callable[[str], None]
_PUBLIC, _PRIVATE = "8.8.8.8", "127.0.0.1"
_BEHIND_NAMES = (
    *("127.0.0.1", "127.8.9.1", ANY, "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1"),
    *("169.254.169.254", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1"),
    *("::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:db8::1"),
)  # fmt: skip


@dataclass
class Liar:
    """Answers everything with one document, or sends on to one address."""

    port: int
    named: str = ""
    redirects: bool = False
    document: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def egress(self) -> Egress:
        return Egress(allowed_origins=[self.url])

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.redirects:
            located = self.named.encode("utf-8", "replace").decode("latin-1")
            safe = "".join(one for one in located if one not in "\r\n\x00")
            return web.Response(status=302, headers={"Location": safe})
        body = json.dumps(self.document).encode()  # which takes halves of surrogate pairs too
        return web.Response(body=body, content_type="application/json")


@asynccontextmanager
async def liar() -> AsyncIterator[Liar]:
    listening = socket.create_server(("127.0.0.1", 0))
    lying = Liar(port=listening.getsockname()[1])
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", lying.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield lying
    finally:
        await runner.cleanup()


Client = Callable[[Liar, Egress], Awaitable[object]]


async def _keys(lying: Liar, egress: Egress) -> object:
    """The address of the provider's keys, out of its discovery document."""
    lying.document = _metadata(lying, jwks_uri=lying.named)
    return await Discovery(issuer=lying.url, egress=egress, clock=SystemClock()).key("kid")


async def _token(lying: Liar, egress: Egress) -> object:
    """The provider's token endpoint: our secret and somebody's code would go there."""
    lying.document = _metadata(lying, token_endpoint=lying.named)
    provider = IdentityProvider(
        issuer=lying.url,
        client_id="client",
        credential=ClientSecret(SecretStr("secret")),
        redirect_uri="http://localhost/oauth/callback",
        scope="openid",
        egress=egress,
        clock=SystemClock(),
    )
    return await provider.redeem(code="code", verifier="v" * 43, nonce="nonce")


async def _graph(lying: Liar, egress: Egress) -> object:
    """Where Graph is, out of the discovery document: somebody's token would go there."""
    lying.document = {"value": []}
    return await memberships(egress, lying.named, SecretStr("token"))


async def _next_page(lying: Liar, egress: Egress) -> object:
    """The next page of Graph, with the token again."""
    lying.document = {"value": [], "@odata.nextLink": lying.named}
    return await memberships(egress, lying.url, SecretStr("token"))


async def _media(lying: Liar, egress: Egress) -> object:
    """The media host that Atlassian Cloud sends on to for a file."""
    lying.redirects = True
    where = target()
    object.__setattr__(where, "api_base", lying.url)
    return await _transport(egress).transfer(where, "GET", "/attachment/{id}", path={"id": "1"})


async def _atlassian_moved(lying: Liar, egress: Egress) -> object:
    """A call of Atlassian's REST API that is sent on."""
    lying.redirects = True
    where = target()
    object.__setattr__(where, "api_base", lying.url)
    return await _transport(egress).call(where, "GET", "/rest/api/3/myself")


async def _account_moved(lying: Liar, egress: Egress) -> object:
    """The first reading after Atlassian was connected, sent on."""
    lying.redirects = True
    return await read_json(egress, lying.url, "/me", SecretStr("token"))


async def _provider_moved(lying: Liar, egress: Egress) -> object:
    """The discovery document, sent on."""
    lying.redirects = True
    return await Discovery(issuer=lying.url, egress=egress, clock=SystemClock()).metadata()


CLIENTS: dict[Client, str] = {
    _keys: "/there",
    _token: "/there",
    _graph: "/v1.0/me/transitiveMemberOf",
    _next_page: "/there",
    _media: "/there",
    _atlassian_moved: "",
    _account_moved: "",
    _provider_moved: "",
}
"""And where each goes that is named `/there` at the liar's own: that it takes an address is true."""


def _metadata(lying: Liar, **changes: str) -> dict[str, object]:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    return {"issuer": lying.url, **dict.fromkeys(names, lying.url), **changes}


def _transport(egress: Egress) -> Transport:
    clock = SystemClock()
    return Transport(
        egress=egress,
        credentials=FakeCredentials(),
        limits=AtlassianLimits(clock=clock),
        clock=clock,
    )


async def named_in_answers(count: int, told: Told) -> str:
    """Name every address to every client; return what was counted."""
    async with liar() as lying:
        tried = addresses("http", f"127.0.0.1:{lying.port}")
        tried = tried[:: max(1, len(tried) // count)]
        for number, (client, place) in enumerate(CLIENTS.items(), start=1):
            egress = lying.egress
            await _goes(client, place, lying, egress)
            for url in tried:
                lying.named, lying.redirects = url, False
                await _stays(client, lying, egress)
            await egress.close()
            told(f"{number} of {len(CLIENTS)} clients")
    return f"{len(tried)} addresses named to each of {len(CLIENTS)} clients, 0 called"


async def _goes(client: Client, place: str, lying: Liar, egress: Egress) -> None:
    lying.named, lying.redirects = f"{lying.url}/there", False
    lying.asked.clear()
    with suppress(XerusError):
        await client(lying, egress)
    went = (place or "/there") in lying.asked
    assert went == bool(place), f"{client.__name__}: {lying.asked}"


async def _stays(client: Client, lying: Liar, egress: Egress) -> None:
    where = f"{client.__name__}: {lying.named!a}"
    with watched(lying.port) as watch:
        try:
            await client(lying, egress)
        except XerusError:
            pass
        except Exception as error:
            raise AssertionError(f"{where} broke it: {error!r}") from error
    assert not watch.seen, f"{where}: {watch.seen}"


class Names(AbstractResolver):
    """A name service that answers each question with the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = cycle(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in next(self._answers)
        ]

    async def close(self) -> None:
        """Hold nothing."""


async def named_by_strangers(count: int, told: Told) -> str:
    """Name every address to the reader of the documents of clients; return what was counted."""
    tried = addresses("https", "client.example")
    tried = tried[:: max(1, len(tried) // count)]
    names, tls = Names([_PRIVATE]), ssl.create_default_context()
    for url in tried:
        await _unread(partial(PublicReader(resolver=names, tls=tls).read, url), url)
    told(f"{len(tried)} addresses, {names.asked} of them names that were looked up")
    for address in _BEHIND_NAMES:
        for answer in ([address], [_PUBLIC, address], [address, _PUBLIC]):
            reader = PublicReader(resolver=Names(answer), tls=tls)
            await _unread(partial(reader.read, "https://client.example/x"), str(answer))
    return f"{len(tried)} addresses and {3 * len(_BEHIND_NAMES)} names, 0 called"


async def _unread(read: Callable[[], Awaitable[object]], what: str) -> None:
    with watched() as watch:
        try:
            await read()
        except EgressRefused:
            assert not watch.seen, f"{what!a}: {watch.seen}"
            return
        except Exception as error:
            raise AssertionError(f"{what!a} was not refused: {error!r}, {watch.seen}") from error
    raise AssertionError(f"{what!a} was read")


async def rebinding(flips: int, told: Told) -> str:
    """Let a name change between each two questions; return what was counted."""
    names = Names([_PUBLIC], [_PRIVATE])
    reader, refused = PublicReader(resolver=names), 0
    with watched() as watch:
        for number in range(flips):
            try:
                await reader.read("https://client.example/x")
            except EgressRefused:
                refused += 1
            except UpstreamUnavailable:  # the public address, which is not on this machine
                pass
            if number % 100 == 0:
                told(f"{number} of {flips} flips")
    asked = set(watch.seen)
    assert asked == {f"connect {_PUBLIC} 443"}, asked
    assert names.asked == flips, f"{names.asked} questions for {flips} readings"
    assert refused == flips // 2
    return f"{flips} flips, {refused} refused, the rest led to the address that was checked"
