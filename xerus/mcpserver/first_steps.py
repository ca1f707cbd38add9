"""The first steps of an MCP client, made by the server itself over its own public URL.

What a client meets on its way (names, certificates, proxies, gateways) is met here too, but from
this machine: a firewall between a client and the proxy is not seen.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from xerus.egress.client import Reply
from xerus.errors import EgressRefused, UpstreamUnavailable, XerusError
from xerus.ids import UserId
from xerus.mcpserver.diagnosis import (
    NO_ANSWER,
    SECONDS,
    State,
    Unlike,
    document,
    is_oauth_error,
    odd,
    short,
    unreachable,
)
from xerus.mcpserver.metadata import WELL_KNOWN, metadata_url, resource_url

_MOST_BYTES = 64 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CHALLENGE = re.compile(r'resource_metadata="([^"]*)"')
_JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "xerus-address-test", "version": "1"},
    },
}
# A registration that is read and refused: it shows that registering is open and leaves no client.
_NO_CLIENT = {"client_name": "Xerus address test", "redirect_uris": []}


class Http(Protocol):
    """`egress.client.Egress`, open to the public URL alone."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float = 20.0,
        max_bytes: int = ...,
        alone: bool = False,
    ) -> Reply:
        """Send a request and return the whole answer."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What came of one step.

    Attributes:
        said: what was seen.
        cause: what is likely to be behind it, where it did not go well.
        remedy: what somebody can do about that.
    """

    name: str
    state: State
    said: str
    cause: str = ""
    remedy: str = ""
    seconds: float = 0.0


_PLAN: Sequence[str] = (
    "The address",
    "What the MCP server says of itself",
    "What the authorization server says of itself",
    "A call without a token",
    "Registration",
    "The token endpoint",
    "Your tools",
)


class FirstSteps:
    """Makes the steps for a person."""

    def __init__(
        self, *, http: Http, public_url: str, list_tools: Callable[[UserId], Awaitable[int]]
    ) -> None:
        """Make one; `list_tools` asks the MCP server of this process as the person."""
        self._http = http
        self._public_url = public_url
        self._mcp_url = resource_url(public_url)
        self._list_tools = list_tools

    @property
    def plan(self) -> Sequence[str]:
        """The names of the steps, in order."""
        return _PLAN

    async def run(self, user_id: UserId) -> AsyncIterator[Step]:
        """Yield what came of each step as it ends; each takes 8 s at most."""
        steps = (
            self._address,
            self._resource,
            self._issuer,
            self._call,
            self._register,
            self._token,
        )
        reached = True
        for name, step in zip(_PLAN, steps, strict=False):
            if not reached:
                yield Step(
                    name=name, state="skipped", said="Not tried: the address does not answer."
                )
                continue
            done = await _timed(name, step)
            reached = not done.said.startswith(NO_ANSWER)
            yield done
        yield await _timed(_PLAN[-1], lambda: self._tools(user_id))

    async def _address(self) -> str:
        parts = urlsplit(self._public_url)
        if parts.hostname in _LOOPBACK:
            raise Unlike(
                f"{self._mcp_url} is a loopback address.",
                "Only programs on this machine reach it.",
                "For others, and for Claude on the web or Copilot Studio, an administrator sets "
                "XERUS_PUBLIC_URL to an https address.",
                state="warn",
            )
        return f"{self._mcp_url} is an https address."

    async def _resource(self) -> str:
        url = metadata_url(self._public_url)
        found = document(await self._get(url), f"{WELL_KNOWN}/mcp")
        if found.get("resource") != self._mcp_url:
            raise Unlike(
                f"It names the resource {short(found.get('resource'))}.",
                "Another Xerus answers here, or this one has another public URL in another process.",
                "Give every process the same XERUS_PUBLIC_URL.",
            )
        return "Found, and it names this address."

    async def _issuer(self) -> str:
        url = f"{self._public_url}/.well-known/oauth-authorization-server"
        reply = await self._get(url)
        found = document(reply, "/.well-known/oauth-authorization-server")
        if found.get("issuer") != self._public_url:
            raise Unlike(
                f"It names the issuer {short(found.get('issuer'))}.",
                "The processes do not agree on the public URL.",
                "Give every process the same XERUS_PUBLIC_URL, to the letter.",
            )
        if "access-control-allow-origin" not in {name.lower() for name in reply.headers}:
            raise Unlike(
                "Found, but without Access-Control-Allow-Origin.",
                "A proxy takes that header away: clients that run in a web page cannot read it.",
                "Let the proxy pass all headers of the answer on.",
                state="warn",
            )
        return "Found; clients in web pages may read it."

    async def _call(self) -> str:
        reply = await self._post(self._mcp_url, _INITIALIZE)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            raise odd(reply, "401 was expected")
        challenge = _CHALLENGE.search(reply.headers.get("WWW-Authenticate", ""))
        if challenge is None:
            raise Unlike(
                "401, as it should be, but without WWW-Authenticate with resource_metadata.",
                "A proxy takes that header away, so that clients do not find where to sign in.",
                "Let the proxy pass WWW-Authenticate on.",
            )
        if challenge[1] != metadata_url(self._public_url):
            raise Unlike(
                f"It points to {short(challenge[1])}.",
                "A proxy rewrites addresses in headers, or the processes differ in XERUS_PUBLIC_URL.",
                "Let the proxy leave WWW-Authenticate as it is.",
            )
        return "Refused with 401, and told where to sign in."

    async def _register(self) -> str:
        reply = await self._post(f"{self._public_url}/oauth/register", _NO_CLIENT)
        if reply.status == HTTPStatus.BAD_REQUEST and is_oauth_error(reply):
            return "Open: an empty registration was read, and refused as it should be."
        if reply.status in {401, 403, 404, 405}:
            raise Unlike(
                f"Answered with {reply.status}.",
                "Something before Xerus closes registration.",
                "Let POST /oauth/register pass, or let an administrator add the client under "
                "Admin, MCP clients.",
            )
        raise odd(reply, "400 was expected")

    async def _token(self) -> str:
        reply = await self._http.request(
            "POST",
            f"{self._public_url}/oauth/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=b"grant_type=authorization_code&client_id=none&code=none",
            deadline=SECONDS,
            max_bytes=_MOST_BYTES,
            alone=True,
        )
        if reply.status in {400, 401} and is_oauth_error(reply):
            return "Answers, and refuses a made-up code as it should."
        raise odd(reply, "400 or 401 was expected")

    async def _tools(self, user_id: UserId) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                count = await self._list_tools(user_id)
        except TimeoutError:
            raise Unlike(
                f"Not listed within {SECONDS:.0f} seconds.",
                "This server, its database or Atlassian is slow at the moment.",
                "Test again in a minute.",
            ) from None
        if not count:
            raise Unlike(
                "No tool is listed for you.",
                "Atlassian is not connected, or its permissions fit no tool.",
                "Connect Atlassian on the Tools page.",
                state="warn",
            )
        return f"{count} tools are listed for you, asked in this process with your name."

    async def _get(self, url: str) -> Reply:
        return await self._http.request(
            "GET",
            url,
            headers={"Accept": "application/json", "Origin": "https://client.example"},
            deadline=SECONDS,
            max_bytes=_MOST_BYTES,
            alone=True,
        )

    async def _post(self, url: str, body: object) -> Reply:
        return await self._http.request(
            "POST",
            url,
            headers=_JSON,
            body=orjson.dumps(body),
            deadline=SECONDS,
            max_bytes=_MOST_BYTES,
            alone=True,
        )


async def _timed(name: str, step: Callable[[], Awaitable[str]]) -> Step:
    began = perf_counter()
    try:
        told = Step(name=name, state="ok", said=await step())
    except Unlike as found:
        told = _step(name, found)
    except UpstreamUnavailable as error:
        told = _step(name, unreachable(error))
    except EgressRefused:
        told = _step(
            name,
            Unlike(
                "Xerus does not call plain http on another machine.",
                "The public URL is http.",
                "Set XERUS_PUBLIC_URL to https.",
            ),
        )
    except XerusError as error:
        told = Step(name=name, state="failed", said=error.message, remedy=error.hint)
    return Step(**{**vars(told), "seconds": perf_counter() - began})


def _step(name: str, found: Unlike) -> Step:
    return Step(
        name=name, state=found.state, said=found.said, cause=found.cause, remedy=found.remedy
    )
