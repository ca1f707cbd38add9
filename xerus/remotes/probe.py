"""What stands at an address: a first call of it, as an MCP client without anything to show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson

from xerus import __version__
from xerus.egress.client import Reply
from xerus.egress.servers import ServerEgress
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.remotes.discovery import Discovery, Found, NotDiscovered

_SECONDS = 10.0
_MOST_BYTES = 256 * 1024
# The last revision with a handshake: servers of later ones answer it with an error of JSON-RPC.
_VERSION = "2025-11-25"
_ACCEPT = "application/json, text/event-stream"
_NO_VERDICT = HTTPStatus.TOO_MANY_REQUESTS
LONGEST_NAME = 60


class Wants(StrEnum):
    """What a server asks of who calls it."""

    NOTHING = "nothing"
    OAUTH = "oauth"
    SOMETHING = "something"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the first call showed.

    Attributes:
        name: what the server calls itself, cleaned; '' if it did not say.
        found: its authorization server, for `Wants.OAUTH`.
        why: with `Wants.SOMETHING`, why it is not known what.
    """

    url: str
    wants: Wants
    name: str = ""
    found: Found | None = None
    why: str = ""


class NoServer(UpstreamRefused):
    """Something answers at the address, and it is no MCP server."""

    code = "no_mcp_server"


class Probe:
    """Makes first calls, and calls that prove that a credential is good."""

    def __init__(self, *, egress: ServerEgress) -> None:
        self._egress = egress
        self._discovery = Discovery(egress=egress)

    async def look(self, url: str) -> Seen:
        """Return what a server wants, without showing it anything.

        Raises:
            EgressRefused: the address may not be called.
            NoServer: no MCP server answers there.
            UpstreamUnavailable: nothing answers.
        """
        reply = await self._call(url, {})
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            try:
                challenge = reply.headers.get("WWW-Authenticate", "")
                found = await self._discovery.find(url, challenge)
            except NotDiscovered as error:
                return Seen(url=url, wants=Wants.SOMETHING, why=error.message)
            return Seen(url=url, wants=Wants.OAUTH, found=found)
        return Seen(url=url, wants=Wants.NOTHING, name=_name(_answer(reply)))

    async def greet(self, url: str) -> None:
        """Find out whether a server answers, also where it lets nobody in.

        Raises:
            EgressRefused: the address may not be called.
            NoServer: no MCP server answers there.
            UpstreamUnavailable: nothing answers.
        """
        reply = await self._call(url, {})
        if reply.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            _answer(reply)

    async def prove(self, url: str, headers: Mapping[str, str]) -> None:
        """Call a server with what authorizes calls.

        Raises:
            UpstreamRefused: it does not let them in; status 401 where that is about who calls.
            UpstreamUnavailable: no verdict.
        """
        reply = await self._call(url, headers)
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise UpstreamRefused(
                f"The server refused a first call with status {reply.status}.",
                hint="Check there that this account or key may use it.",
                upstream_status=reply.status,
            )
        _answer(reply)

    async def _call(self, url: str, headers: Mapping[str, str]) -> Reply:
        reply = await self._egress.request(
            "POST",
            url,
            headers={"Content-Type": "application/json", "Accept": _ACCEPT, **headers},
            body=_HELLO,
            deadline=_SECONDS,
            max_bytes=_MOST_BYTES,
        )
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == _NO_VERDICT:
            raise UpstreamUnavailable(
                f"The server cannot answer at the moment (status {reply.status}).",
                hint="Try again in a minute.",
                upstream_status=reply.status,
            )
        return reply


_HELLO = orjson.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": _VERSION,
            "capabilities": {},
            "clientInfo": {"name": "xerus", "version": __version__},
        },
    }
)


def _answer(reply: Reply) -> Mapping[str, Any]:
    """Return the answer in JSON-RPC, whatever it says: a server of a later revision says no.

    Raises:
        NoServer: it is none.
    """
    body = reply.body
    if reply.headers.get("Content-Type", "").startswith("text/event-stream"):
        found = re.search(rb"^data: ?(\{.*)$", body, re.MULTILINE)
        body = found[1] if found else b""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        redirected = HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST
        raise NoServer(
            f"No MCP server answers at this address (status {reply.status}).",
            hint="It sends on to another address: enter that one."
            if redirected
            else "Enter the address of the MCP endpoint itself; it often ends in /mcp.",
            upstream_status=reply.status,
        )
    return answer


def _name(answer: Mapping[str, Any]) -> str:
    result = answer.get("result")
    about = result.get("serverInfo") if isinstance(result, dict) else None
    if not isinstance(about, dict):
        return ""
    return one_line(about.get("title") or about.get("name"))


def one_line(value: object, *, longest: int = LONGEST_NAME) -> str:
    """Return text of others as a name: one line, nothing that turns text around."""
    if not isinstance(value, str):
        return ""
    kept = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(kept.split())[:longest].strip()
