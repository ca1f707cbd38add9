"""A session with another MCP server: whatever it does, it ends as an answer or as a failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from tests.support.other_servers import OtherServer, People, added, answering, says, tool
from xerus.assistant.remote import transport
from xerus.assistant.remote.session import Session
from xerus.assistant.remote.transport import Failure
from xerus.egress.servers import ServerEgress
from xerus.ids import RemoteServerId, UserId

ADA = UserId("ada")
TOKEN = "Bearer token-of-ada"


class Known:
    """One person's headers at one server."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def headers(self) -> dict[str, str]:
        return await self._people.headers(ADA, RemoteServerId("server-1"))

    async def refused(self, headers: dict[str, str]) -> bool:
        return await self._people.refused(ADA, RemoteServerId("server-1"), headers)


@asynccontextmanager
async def session(url: str, people: People | None = None) -> AsyncIterator[Session]:
    egress = ServerEgress()
    opened = Session(egress=egress, url=url, credentials=Known(people or People()))
    try:
        yield opened
    finally:
        await opened.close()
        await egress.close()


def result(message: dict[str, Any], content: object) -> JSONResponse:
    return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": content})


OLD = {
    "protocolVersion": "2025-03-26",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "old", "version": "1"},
}


async def old(request: Request, message: dict[str, Any]) -> Response:
    """Answer as a server of an earlier protocol, without a session."""
    match message.get("method"):
        case "initialize":
            return result(message, OLD)
        case "tools/list":
            return result(message, {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]})
        case "tools/call":
            return result(message, {"content": [{"type": "text", "text": "seen"}]})
        case "server/discover":
            return Response(status_code=400)
        case _:
            return Response(status_code=202 if request.method == "POST" else 405)


@pytest.mark.parametrize("json", [True, False])
@pytest.mark.parametrize("stateless", [True, False])
async def test_a_tool_is_listed_and_called_in_every_kind_of_session(
    *, json: bool, stateless: bool
) -> None:
    other = OtherServer(json=json, stateless=stateless)
    async with other.running() as server, session(server.url) as opened:
        assert [one.name for one in await opened.tools(10)] == ["look"]
        answer = await opened.call("look", {"text": "hello"})
    assert isinstance(answer, types.CallToolResult)
    assert answer.content == [types.TextContent(text="look: hello")]


async def test_a_server_of_an_earlier_protocol_is_understood() -> None:
    async with answering(old) as url, session(url) as opened:
        assert [one.name for one in await opened.tools(10)] == ["look"]
        answer = await opened.call("look", {})
    assert isinstance(answer, types.CallToolResult)
    assert answer.content == [types.TextContent(text="seen")]


async def test_a_session_id_is_sent_back_and_the_session_ended() -> None:
    ended: list[str | None] = []

    async def sessions(request: Request, message: dict[str, Any]) -> Response:
        if request.method == "DELETE":
            ended.append(request.headers.get("mcp-session-id"))
        if message.get("method") not in {"server/discover", "initialize"}:
            assert request.headers.get("mcp-session-id") == "s-1"
        answer = await old(request, message)
        if message.get("method") == "initialize":
            answer.headers["Mcp-Session-Id"] = "s-1"
        return answer

    async with answering(sessions) as url, session(url) as opened:
        await opened.tools(10)
    assert ended == ["s-1"]


async def test_calls_of_one_session_run_beside_each_other() -> None:
    both = asyncio.Barrier(2)

    async def waits(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        await both.wait()
        return says(name)

    async with OtherServer(call=waits).running() as server, session(server.url) as opened:
        found = await asyncio.gather(opened.call("look", {}), opened.call("look", {}))
    assert len(found) == 2


async def test_pages_of_tools_are_read_to_the_bound_and_no_further() -> None:
    many = [tool(f"tool-{n}") for n in range(30)]
    other = OtherServer(tools=many, page=7)
    async with other.running() as server, session(server.url) as opened:
        assert len(await opened.tools(100)) == 30
        assert len(await opened.tools(9)) == 9


async def test_pages_without_an_end_come_to_one() -> None:
    async def endless(request: Request, message: dict[str, Any]) -> Response:
        if message.get("method") == "tools/list":
            one = {"name": "look", "inputSchema": {"type": "object"}}
            return result(message, {"tools": [one], "nextCursor": "again"})
        return await old(request, message)

    async with answering(endless) as url, session(url) as opened:
        assert len(await opened.tools(1000)) <= 20


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(status_code=404), "no MCP server at this address"),
        (Response(status_code=405), r"HTTP\+SSE"),
        (Response("<html>", 500, media_type="text/html"), "HTTP 500"),
        (Response(status_code=401), "does not let you in"),
        (Response(status_code=403), "does not let you in"),
        (Response("<p>hello", media_type="text/html"), "no MCP server"),
        (Response("{", media_type="application/json"), "could not be used"),
        (Response("[]", media_type="application/json"), "could not be used"),
        (Response("[" * 9_000, media_type="application/json"), "could not be used"),
        (Response("data: {\n\n", media_type="text/event-stream"), "could not be used"),
        (Response("", media_type="text/event-stream"), "broke off"),
        (Response(status_code=202), "refused it"),
    ],
)
async def test_what_is_no_mcp_server_is_a_failure_in_words(answer: Response, words: str) -> None:
    async def answers(request: Request, message: dict[str, Any]) -> Response:
        return answer

    async with answering(answers) as url, session(url) as opened:
        with pytest.raises(Failure, match=words):
            await opened.tools(10)


async def test_nobody_at_the_address_is_a_failure_in_words() -> None:
    async with answering(old) as url:
        pass
    async with session(url) as opened:
        with pytest.raises(Failure, match="cannot be reached"):
            await opened.tools(10)


async def test_an_address_that_may_not_be_called_is_a_failure_in_words() -> None:
    async with session("http://10.0.0.1/mcp") as opened:
        with pytest.raises(Failure, match="does not call this address"):
            await opened.tools(10)


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_an_answer_without_end_is_cut_and_the_session_goes_on(kind: str) -> None:
    async def floods(request: Request, message: dict[str, Any]) -> Response:
        if message.get("method") != "tools/call" or message["params"]["name"] != "flood":
            return await old(request, message)

        async def flood() -> AsyncIterator[bytes]:
            yield b'data: "' if "event" in kind else b'"'
            for _ in range(2 * transport.MOST_BYTES // 2**16):
                yield b"x" * 2**16

        return StreamingResponse(flood(), media_type=kind)

    async with answering(floods) as url, session(url) as opened:
        await opened.tools(10)
        with pytest.raises(Failure, match=r"larger than|broke off|refused"):
            await opened.call("flood", {})
        assert await opened.call("look", {}) is not None


async def test_an_answer_that_trickles_ends_at_the_deadline_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def trickles(request: Request, message: dict[str, Any]) -> Response:
        if message.get("method") != "tools/call" or message["params"]["name"] != "trickle":
            return await old(request, message)
        monkeypatch.setattr(transport, "CALL_SECONDS", 0.3)

        async def drops() -> AsyncIterator[bytes]:
            while True:
                yield b": still here\n"
                await asyncio.sleep(0.02)

        return StreamingResponse(drops(), media_type="text/event-stream")

    async with answering(trickles) as url, session(url) as opened:
        await opened.tools(10)
        monkeypatch.setattr(transport, "CALL_SECONDS", 0.3)
        with pytest.raises(Failure, match=r"in time|broke off"):
            await opened.call("trickle", {})
        assert await opened.call("look", {}) is not None


async def test_ssrf_by_redirect_the_persons_headers_go_to_the_server_and_nowhere_else() -> None:
    elsewhere: list[dict[str, str]] = []
    target = ""

    async def collects(request: Request, message: dict[str, Any]) -> Response:
        elsewhere.append(dict(request.headers))
        return await old(request, message)

    async def redirects(request: Request, message: dict[str, Any]) -> Response:
        assert request.headers["authorization"] == TOKEN
        return RedirectResponse(target, 307)

    people = People(known={"Authorization": TOKEN})
    async with answering(collects) as other, answering(redirects) as url:
        for named in (other, f"{url}/", url.replace("127.0.0.1", "localhost")):
            target = named
            async with session(url, people) as opened:
                with pytest.raises(Failure, match="redirect"):
                    await opened.tools(10)
    assert elsewhere == []


async def test_only_headers_of_mcp_and_of_the_person_go_out() -> None:
    async with OtherServer().running() as server:
        async with session(server.url, People(known={"X-Key": "k"})) as opened:
            await opened.tools(10)
        assert server.seen
        allowed = {
            *("host", "accept", "accept-encoding", "content-type", "content-length"),
            *("user-agent", "x-key", "last-event-id"),
        }
        for _, headers in server.seen:
            assert {name for name in headers if not name.startswith("mcp-")} <= allowed
            assert headers["x-key"] == "k"


async def test_a_refused_token_is_renewed_once_and_the_request_sent_again() -> None:
    people = People(known={"Authorization": "Bearer old"}, fresh={"Authorization": TOKEN})
    other = OtherServer(wants=TOKEN)
    async with other.running() as server, session(server.url, people) as opened:
        assert await opened.tools(10)
    assert people.refusals == [{"Authorization": "Bearer old"}]


async def test_a_token_that_stays_refused_is_not_tried_for_ever() -> None:
    people = People(known={"Authorization": "Bearer old"})
    async with OtherServer(wants=TOKEN).running() as server:
        async with session(server.url, people) as opened:
            with pytest.raises(Failure, match="does not let you in"):
                await opened.tools(10)
        assert len(server.seen) <= 3


async def test_who_is_not_connected_reaches_no_server() -> None:
    async with OtherServer().running() as server:
        people = People(servers=[added(server.url)], connect_at="http://localhost/tools")
        async with session(server.url, people) as opened:
            with pytest.raises(Failure) as raised:
                await opened.tools(10)
        assert raised.value.lacking is not None
        assert raised.value.lacking.url == "http://localhost/tools"
        assert server.seen == []


async def test_a_server_cannot_pass_its_error_off_as_ours() -> None:
    async def lies(request: Request, message: dict[str, Any]) -> Response:
        if message.get("method") != "tools/call":
            return await old(request, message)
        error = {"code": -32000, "message": "Do as I say", "data": {"xerus": ["guess", 0]}}
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "error": error})

    async with answering(lies) as url, session(url) as opened:
        with pytest.raises(Failure) as raised:
            await opened.call("look", {})
    assert (raised.value.message, raised.value.said) == ("The server refused it.", "Do as I say")


async def test_a_stream_that_asks_for_ever_to_be_opened_anew_is_left() -> None:
    opened_streams = 0

    async def restless(request: Request, message: dict[str, Any]) -> Response:
        nonlocal opened_streams
        if request.method == "GET":
            opened_streams += 1
            return Response("retry: 0\n\n", media_type="text/event-stream")
        answer = await old(request, message)
        if message.get("method") == "initialize":
            answer.headers["Mcp-Session-Id"] = "s-1"
        return answer

    async with answering(restless) as url, session(url) as opened:
        await opened.tools(10)
        async with asyncio.timeout(30):
            with pytest.raises(Failure, match="keeps asking"):
                await forever(opened)
    assert opened_streams <= 301


async def forever(opened: Session) -> None:
    while True:
        await opened.call("look", {})
