"""`/mcp` refuses what is too large, too deep, too much or from elsewhere, and says so."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from tests.support.browser import Browser
from tests.support.journeys import ADA, ALAN, GRACE
from tests.support.mcp_client import Storage, connected
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
MIB = 2**20
FEW, MORE = 100, 150


@pytest.fixture(scope="module")
async def stack(sandbox: Sandbox) -> AsyncIterator[Stack]:
    """Xerus with the lowest limits of rate that may be set."""
    env = {
        **await user_mode(sandbox),
        "XERUS_MCP_CALLER_REQUESTS_PER_MINUTE": str(FEW),
        "XERUS_MCP_CLIENT_REQUESTS_PER_MINUTE": str(MORE),
        "XERUS_OAUTH_REQUESTS_PER_MINUTE": str(FEW),
        "XERUS_TRUSTED_PROXIES": "127.0.0.1",
    }
    running = Stack(sandbox, Xerus(sandbox.folder, env).start())
    yield running
    running.xerus.stop()


async def token_of(stack: Stack, account: str, storage: Storage) -> str:
    """Sign in through the client of `storage`; a few requests of the account are then spent."""
    fresh = Storage(client=storage.client)
    async with Browser() as browser, connected(stack.url, fresh, browser, account):
        assert fresh.tokens is not None
    storage.client = fresh.client
    return fresh.tokens.access_token


@pytest.fixture(scope="module")
async def token(stack: Stack) -> str:
    return await token_of(stack, ALAN, Storage())


async def post(stack: Stack, token: str, body: Any, **headers: str) -> httpx2.Response:
    sent = {**JSON, "Authorization": f"Bearer {token}", **headers}
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:
        return await http.post(f"{stack.url}/mcp", content=content, headers=sent)


async def begin(stack: Stack, token: str, *headers: str, part: bytes = b"") -> bytes:
    """Send the head and a part of the body, and return the answer that comes before the rest."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.xerus.port)
    head = [
        "POST /mcp HTTP/1.1",
        f"Host: localhost:{stack.xerus.port}",
        *(f"{name}: {value}" for name, value in JSON.items()),
        *([f"Authorization: Bearer {token}"] if token else []),
        *headers,
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + part)
    try:
        async with asyncio.timeout(30):
            answer = await reader.readuntil(b"\r\n\r\n")
            return answer + await reader.read(4096)
    finally:
        writer.close()


async def test_an_announced_body_of_100_mb_is_refused_before_any_of_it_came(
    stack: Stack, token: str
) -> None:
    answer = await begin(stack, token, f"Content-Length: {100 * MIB}")
    assert b" 413 " in answer
    assert b"body_too_large" in answer


async def test_a_body_without_an_announced_length_is_refused_before_its_end(
    stack: Stack, token: str
) -> None:
    part = b"%x\r\n" % (5 * MIB) + b" " * (5 * MIB) + b"\r\n"
    answer = await begin(stack, token, "Transfer-Encoding: chunked", part=part)
    assert b" 413 " in answer
    assert b"body_too_large" in answer


async def test_a_stranger_is_sent_away_before_the_body_came(stack: Stack) -> None:
    assert b" 401 " in await begin(stack, "", f"Content-Length: {100 * MIB}")
    assert b" 401 " in await begin(stack, "no token", f"Content-Length: {MIB}")


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_json_of_10_000_levels_is_refused_with_the_limit(
    stack: Stack, token: str, version: str
) -> None:
    deep = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + deep + b"}"
    answer = await post(stack, token, body, **{"MCP-Protocol-Version": version})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["data"]["code"]) == (-32700, "nested_too_deeply")
    assert "128" in error["message"]


async def test_people_are_limited_by_themselves_and_by_their_client(
    stack: Stack, token: str
) -> None:
    shared = Storage()
    ada = await token_of(stack, ADA, shared)
    grace = await token_of(stack, GRACE, shared)

    async def at_once(token: str, times: int) -> Counter[int]:
        answers = await asyncio.gather(*(post(stack, token, PING) for _ in range(times)))
        refused = [answer for answer in answers if answer.status_code == 429]
        for answer in refused:
            assert 1 <= int(answer.headers["retry-after"]) <= 2
            assert answer.json()["error"]["data"]["code"] == "limit_reached"
        return Counter(answer.status_code for answer in answers)

    first = await at_once(ada, FEW + 50)
    assert first[200] >= FEW - 10, "signing in took more than a few"
    assert first[429] > 0
    # ada has spent her share of what the client may send, and grace gets no more than the rest.
    second = await at_once(grace, FEW)
    assert second[200] > 0
    assert second[429] > 0
    assert (await at_once(token, 5))[200] == 5


async def test_browsers_of_one_address_are_limited_and_told_when_to_go_on(stack: Stack) -> None:
    async with httpx2.AsyncClient(verify=NO_TLS, trust_env=False, timeout=30) as http:

        async def ask(address: str) -> httpx2.Response:
            headers = {"X-Forwarded-For": address, "Accept": "text/html"}
            return await http.get(f"{stack.url}/oauth/authorize?client_id=none", headers=headers)

        answers = await asyncio.gather(*(ask("203.0.113.7") for _ in range(FEW + 50)))
        other = await ask("203.0.113.8")
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    for answer in refused:
        assert 1 <= int(answer.headers["retry-after"]) <= 2
        assert "More than 100 requests in a minute by one address" in answer.text
        assert "Try again in" in answer.text
    assert Counter(answer.status_code for answer in answers)[400] >= FEW
    assert other.status_code == 400
