"""What the test of the address says of each way in which something before Xerus can be in between."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from aiohttp.client_exceptions import ClientConnectorDNSError
from multidict import CIMultiDict

from xerus.egress.client import Egress, Reply
from xerus.errors import EgressRefused, Unavailable, UpstreamUnavailable
from xerus.ids import UserId
from xerus.mcpserver.first_steps import FirstSteps, Step

BASE = "https://xerus.example.com"
ADA = UserId("ada")
OPEN = {"Access-Control-Allow-Origin": "*"}
CHALLENGE = f'Bearer resource_metadata="{BASE}/.well-known/oauth-protected-resource/mcp", scope="x"'

Answer = Reply | Exception


def reply(status: int, body: object = "", **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=CIMultiDict(named), body=raw)


def sound() -> dict[str, Answer]:
    """Return the answers of a Xerus with nothing in between, by the end of their address."""
    return {
        "protected-resource/mcp": reply(200, {"resource": f"{BASE}/mcp"}, **OPEN),
        "authorization-server": reply(200, {"issuer": BASE}, **OPEN),
        "/mcp": reply(401, {"error": "invalid_token"}, WWW_Authenticate=CHALLENGE),
        "/oauth/register": reply(400, {"error": "invalid_redirect_uri"}),
        "/oauth/token": reply(401, {"error": "invalid_client"}),
    }


class Between:
    """Answers in place of the network."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str]] = []

    async def request(self, method: str, url: str, **_: Any) -> Reply:
        self.asked.append((method, url))
        # The longest end first: the metadata of /mcp ends in /mcp too.
        end = max((end for end in self._answers if url.endswith(end)), key=len)
        answer = self._answers[end]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def outcome_of(
    changes: Mapping[str, Answer], *, tools: Callable[[], int] = lambda: 31, base: str = BASE
) -> dict[str, Step]:
    async def list_tools(user_id: UserId) -> int:
        assert user_id == ADA
        return tools()

    steps = FirstSteps(http=Between({**sound(), **changes}), public_url=base, list_tools=list_tools)
    found = {step.name: step async for step in steps.run(ADA)}
    assert list(found) == list(steps.plan)
    return found


def broken(cause: Exception, code: str = "") -> UpstreamUnavailable:
    error = UpstreamUnavailable("The other side cannot be reached.", code=code)
    error.__cause__ = cause
    return error


async def test_with_nothing_in_between_every_step_goes_well() -> None:
    found = await outcome_of({})
    assert {step.state for step in found.values()} == {"ok"}
    assert "31 tools" in found["Your tools"].said


RESOURCE = "What the MCP server says of itself"
ISSUER = "What the authorization server says of itself"
CALL = "A call without a token"


@pytest.mark.parametrize(
    ("end", "answer", "step", "state", "words"),
    [
        ("protected-resource/mcp", reply(404), RESOURCE, "failed", "does not reach Xerus"),
        ("protected-resource/mcp", reply(421), RESOURCE, "failed", "Host"),
        ("protected-resource/mcp", reply(502), RESOURCE, "failed", "proxy does not reach"),
        ("protected-resource/mcp", reply(418), RESOURCE, "failed", "changes the answer"),
        ("protected-resource/mcp", reply(200, "<html>"), RESOURCE, "failed", "sign-in page"),
        ("protected-resource/mcp", reply(200, []), RESOURCE, "failed", "sign-in page"),
        (
            "protected-resource/mcp",
            reply(302, Location="https://login.example/x"),
            RESOURCE,
            "failed",
            "Redirected to login.example",
        ),
        (
            "protected-resource/mcp",
            reply(200, {"resource": "https://other/mcp"}),
            RESOURCE,
            "failed",
            "Another Xerus",
        ),
        ("authorization-server", reply(200, {"issuer": "x"}), ISSUER, "failed", "do not agree"),
        ("authorization-server", reply(200, {"issuer": BASE}), ISSUER, "warn", "in a web page"),
        ("/mcp", reply(401, {"error": "invalid_token"}), CALL, "failed", "WWW-Authenticate"),
        (
            "/mcp",
            reply(401, WWW_Authenticate='Bearer resource_metadata="http://10.0.0.1/x"'),
            CALL,
            "failed",
            "rewrites",
        ),
        ("/mcp", reply(200, {}), CALL, "failed", "changes the answer"),
        ("/mcp", reply(403), CALL, "failed", "firewall"),
        ("/oauth/register", reply(403, "no"), "Registration", "failed", "closes registration"),
        ("/oauth/register", reply(429, {}), "Registration", "failed", "minute"),
        ("/oauth/token", reply(404, "<html>"), "The token endpoint", "failed", "reach Xerus"),
        ("/oauth/token", reply(400, "<html>"), "The token endpoint", "failed", "changes"),
    ],
)
async def test_what_is_in_between_is_named_with_what_to_do(
    end: str, answer: Reply, step: str, state: str, words: str
) -> None:
    found = await outcome_of({end: answer})
    told = found[step]
    assert told.state == state
    assert words in f"{told.said} {told.cause} {told.remedy}"
    assert told.remedy
    assert {one.state for one in found.values() if one is not told} == {"ok"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (broken(ClientConnectorDNSError(None, OSError())), "name is not known"),  # type: ignore[arg-type]
        (broken(type("ClientConnectorCertificateError", (Exception,), {})()), "TLS"),
        (broken(ConnectionRefusedError()), "refused or broken off"),
        (broken(TimeoutError(), "upstream_timeout"), "8 seconds"),
    ],
)
async def test_an_address_that_does_not_answer_is_tried_once_and_your_tools_still_told(
    error: Exception, words: str
) -> None:
    found = await outcome_of({"protected-resource/mcp": error})
    told = found[RESOURCE]
    assert (told.state, bool(told.remedy)) == ("failed", True)
    assert words in told.said
    states = [step.state for step in found.values()]
    assert states == ["ok", "failed", *["skipped"] * 4, "ok"]


async def test_a_loopback_address_is_remarked_on() -> None:
    found = await outcome_of(
        {"protected-resource/mcp": reply(404), "authorization-server": reply(404)},
        base="http://localhost:8000",
    )
    assert found["The address"].state == "warn"
    assert "this machine" in found["The address"].cause


async def test_plain_http_to_another_machine_is_not_sent() -> None:
    base = "http://xerus.internal"
    egress = Egress(allowed_origins=[base])
    with pytest.raises(EgressRefused):
        await egress.request("GET", base)
    found = await outcome_of({"protected-resource/mcp": EgressRefused("no")})
    assert "XERUS_PUBLIC_URL" in found[RESOURCE].remedy


def _nothing() -> int:
    return 0


def _away() -> int:
    raise Unavailable("The database does not answer.", hint="Try again.")


@pytest.mark.parametrize(("tools", "state"), [(_nothing, "warn"), (_away, "failed")])
async def test_tools_that_are_not_listed_are_told_with_a_next_step(
    tools: Callable[[], int], state: str
) -> None:
    told = (await outcome_of({}, tools=tools))["Your tools"]
    assert (told.state, bool(told.remedy)) == (state, True)


async def test_tools_that_take_for_ever_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xerus.mcpserver.first_steps.SECONDS", 0.01)

    async def never(_: UserId) -> int:
        return await asyncio.Future()

    steps = FirstSteps(http=Between(sound()), public_url=BASE, list_tools=never)
    told = [step async for step in steps.run(ADA)][-1]
    assert (told.state, told.remedy) == ("failed", "Test again in a minute.")
