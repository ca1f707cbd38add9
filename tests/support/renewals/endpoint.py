"""A token endpoint that rotates as Atlassian's does, counts what it is asked, and forgives nothing.

The sandbox speaks all of OAuth with consents by a browser; this one is for grants by the thousand.
"""

import asyncio
import itertools
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

_DEAD = {"error": "unauthorized_client", "error_description": "refresh_token is invalid"}
_JSON = "Content-Type: application/json\r\n"


@dataclass
class TokenEndpoint:
    """Knows grants by number. A refresh token is `number.generation`.

    `grace` is for how many seconds the previous one still works, `most_per_second` what it answers
    before it says 429, `latency` how long it takes. `askers` are the client ids that got to a grant.
    """

    grace: float = 0.0
    most_per_second: int = 0
    latency: float = 0.0
    life_seconds: int = 3600
    asked: Counter[int] = field(default_factory=Counter)
    askers: set[tuple[int, str]] = field(default_factory=set)
    refused: int = 0
    put_off: int = 0
    most_in_flight: Counter[str] = field(default_factory=Counter)
    _generations: dict[int, int] = field(default_factory=dict)
    _rotated_at: dict[int, float] = field(default_factory=dict)
    _in_flight: Counter[str] = field(default_factory=Counter)
    _recent: deque[float] = field(default_factory=deque)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()

    @property
    def base(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def new_grant(self) -> tuple[int, str]:
        """Return the number of a new grant and its first refresh token."""
        number = next(self._numbers)
        self._generations[number] = 1
        return number, f"{number}.1"

    def generation(self, number: int) -> int:
        """Return which generation of a grant was given out last."""
        return self._generations[number]

    def newest(self, number: int) -> str:
        """Return the refresh token of a grant that was given out last."""
        return f"{number}.{self._generations[number]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while body := await read_body(reader):
                asked = orjson.loads(body)
                status, extra, answer = await self._answer(asked)
                content = orjson.dumps(answer)
                head = f"HTTP/1.1 {status} Answer\r\n{_JSON}{extra}Content-Length: {len(content)}\r\n\r\n"
                writer.write(head.encode() + content)
                await writer.drain()
        except ConnectionError:
            pass  # a client that was killed
        finally:
            writer.close()

    async def _answer(self, asked: dict[str, str]) -> tuple[int, str, dict[str, Any]]:
        who = asked["client_id"]
        self._in_flight[who] += 1
        self.most_in_flight[who] = max(self.most_in_flight[who], self._in_flight[who])
        try:
            if self._is_over_the_limit():
                self.put_off += 1
                return 429, "Retry-After: 1\r\n", {"error": "too_many_requests"}
            await asyncio.sleep(self.latency)
            return self._rotated(asked["refresh_token"], who)
        finally:
            self._in_flight[who] -= 1

    def _is_over_the_limit(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if self.most_per_second and len(self._recent) >= self.most_per_second:
            return True
        self._recent.append(now)
        return False

    def _rotated(self, refresh_token: str, who: str) -> tuple[int, str, dict[str, Any]]:
        number, generation = map(int, refresh_token.split("."))
        self.asked[number] += 1
        self.askers.add((number, who))
        now = asyncio.get_running_loop().time()
        newest = self._generations[number]
        if generation == newest:
            self._rotated_at[number] = now
            newest = self._generations[number] = newest + 1
        elif generation != newest - 1 or now - self._rotated_at[number] >= self.grace:
            self.refused += 1
            return 403, "", _DEAD
        return 200, "", {
            "access_token": f"access {number}.{newest}" + "x" * 900,
            "refresh_token": f"{number}.{newest}",
            "expires_in": self.life_seconds,
            "token_type": "Bearer",
        }  # fmt: skip


async def read_body(reader: asyncio.StreamReader) -> bytes:
    """Return the body of the next request or answer, b'' when there is no further one."""
    return (await read_message(reader))[1]


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return head and body of the next message with a Content-Length, empty when there is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b"", b""
    length = next(
        int(line.partition(b":")[2])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    return head, await reader.readexactly(length)
