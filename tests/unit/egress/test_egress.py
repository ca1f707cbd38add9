"""The one way out refuses what is not allowed and never waits longer than its deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from xerus.egress.client import Egress
from xerus.errors import EgressRefused, UpstreamUnavailable

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(
    respond: Respond, told: Callable[[str, str, float], None] | None = None
) -> AsyncIterator[tuple[Egress, str]]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await respond(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    egress = Egress(allowed_origins=[url], told=told)
    async with listening:
        yield egress, url
        await egress.close()


def whole(status: str, body: bytes, *headers: str) -> Respond:
    async def respond(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return respond


async def test_the_whole_answer_comes_back_whatever_its_status() -> None:
    async with server(whole("418 Teapot", b'{"a":1}', "X-Thing: yes")) as (egress, url):
        reply = await egress.request("GET", f"{url}/x")
    assert (reply.status, reply.json(), reply.headers["x-thing"]) == (418, {"a": 1}, "yes")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "http://192.0.2.1/",
        "http://127.0.0.1:1/",
        "http://allowed.example@elsewhere.example/",
        "https://allowed.example\\@elsewhere.example/",
        "file:///etc/passwd",
        "gopher://allowed.example/",
        "//allowed.example/",
        "https://allowed.example:99999/",
        "http://allowed.example/",
        "https://allowed.example/\x00",
        "https://allowed.example/ HTTP/1.1",
        "https://[allowed.example]/",
        "https://[::1",
        "",
    ],
)
async def test_ssrf_addresses_are_refused_before_a_connection_is_made(url: str) -> None:
    egress = Egress(allowed_origins=["https://allowed.example", "http://allowed.example"])
    with pytest.raises(EgressRefused):
        await egress.request("GET", url)


async def test_a_redirect_is_returned_and_not_followed() -> None:
    answer = whole("302 Found", b"", "Location: https://elsewhere.example/")
    async with server(answer) as (egress, url):
        assert (await egress.request("GET", url)).status == 302


async def test_a_peer_that_trickles_cannot_stretch_the_deadline() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with server(trickle) as (egress, url):
        with pytest.raises(UpstreamUnavailable) as caught:
            await egress.request("GET", url, deadline=0.1)
    assert caught.value.code == "upstream_timeout"


async def test_a_truncated_answer_is_no_answer() -> None:
    async def truncate(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    async with server(truncate) as (egress, url):
        with pytest.raises(UpstreamUnavailable):
            await egress.request("GET", url)


async def test_an_answer_over_the_cap_is_not_read_to_its_end() -> None:
    async with server(whole("200 OK", b"x" * 5000)) as (egress, url):
        with pytest.raises(UpstreamUnavailable) as caught:
            await egress.request("GET", url, max_bytes=1000)
    assert caught.value.code == "upstream_too_large"


async def test_html_from_a_gateway_in_trouble_is_an_outage_and_no_crash() -> None:
    async with server(whole("502 Bad Gateway", b"<html>")) as (egress, url):
        reply = await egress.request("GET", url)
    with pytest.raises(UpstreamUnavailable):
        reply.json()


async def test_an_unreachable_peer_is_an_outage() -> None:
    egress = Egress(allowed_origins=["http://127.0.0.1:9"])
    with pytest.raises(UpstreamUnavailable):
        await egress.request("GET", "http://127.0.0.1:9/")
    await egress.close()


async def test_how_each_request_ended_is_told() -> None:
    heard: list[str] = []

    def told(url: str, outcome: str, seconds: float) -> None:
        assert seconds > 0
        heard.append(outcome)

    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def say_nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)

    long = whole("200 OK", b"x" * 50)
    for respond in (
        *(whole("204 Empty", b""), whole("404 No", b""), whole("429 Slow", b"")),
        *(hang_up, say_nothing, long),
    ):
        async with server(respond, told) as (egress, url):
            with suppress(UpstreamUnavailable):
                await egress.request("GET", f"{url}/x", deadline=0.3, max_bytes=20)
    assert heard == ["2xx", "4xx", "429", "unreachable", "timeout", "too_large"]


class Echo:
    """Answers with the body that came, and once more when told to; keeps its connections open."""

    def __init__(self) -> None:
        self.connections = 0
        self._last: tuple[asyncio.StreamWriter, bytes] | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(1)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
                self._last = writer, body
        writer.close()

    async def once_more(self) -> None:
        assert self._last
        writer, body = self._last
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
        await writer.drain()


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Egress, str, Echo]]:
    echo = Echo()
    listening = await asyncio.start_server(echo, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    egress = Egress(allowed_origins=[url])
    async with listening:
        yield egress, url, echo
        await egress.close()


async def test_an_answer_that_comes_twice_does_not_answer_the_next_request() -> None:
    async with echoing() as (egress, url, echo):
        for body in (b"1", b"2", b"3"):
            assert (await egress.request("POST", url, body=body)).body == body
            await echo.once_more()
    assert echo.connections == 3


async def test_quiet_connections_are_used_again() -> None:
    async with echoing() as (egress, url, echo):
        for body in (b"1", b"2", b"3"):
            assert (await egress.request("POST", url, body=body)).body == body
    assert echo.connections == 1


async def test_a_request_that_goes_alone_has_a_connection_of_its_own() -> None:
    async with echoing() as (egress, url, echo):
        for body in (b"1", b"2", b"3"):
            assert (await egress.request("POST", url, body=body, alone=True)).body == body
    assert echo.connections == 3
