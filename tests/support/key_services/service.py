"""What every simulated key management service is: a server, a log, faults, and how it is operated."""

import abc
import asyncio
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.processes import free_port

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Denied(Exception):
    """A request that the service refuses, with the answer it gives."""

    def __init__(self, status: int, body: dict[str, Any], **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


@dataclass
class Key:
    """A symmetric key with versions; the last encrypts, all decrypt."""

    versions: list[bytes] = field(default_factory=lambda: [secrets.token_bytes(32)])
    enabled: bool = True

    def rotate(self) -> None:
        self.versions.append(secrets.token_bytes(32))

    def encrypt(self, plaintext: bytes, aad: bytes) -> tuple[int, bytes]:
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(self.versions[-1]).encrypt(nonce, plaintext, aad)
        return len(self.versions), sealed

    def decrypt(self, version: int, sealed: bytes, aad: bytes) -> bytes | None:
        if not 1 <= version <= len(self.versions) or len(sealed) < 28:
            return None
        try:
            return AESGCM(self.versions[version - 1]).decrypt(sealed[:12], sealed[12:], aad)
        except InvalidTag:
            return None


class FakeService(abc.ABC):
    """A simulated service. `seen` holds method and path of each request about a key, in order.

    `logins` counts what was asked of the endpoint that hands out credentials, where there is one.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.seen: list[tuple[str, str]] = []
        self.logins = 0
        self.faults: list[Fault] = []
        self.permitted: set[str] = {"encrypt", "decrypt"}
        self._most: int | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    @abc.abstractmethod
    def env(self) -> dict[str, str]:
        """The settings of Xerus with which it uses the first key."""

    @property
    @abc.abstractmethod
    def env_of_another_key(self) -> dict[str, str]:
        """The same for a second key of the same service."""

    @property
    @abc.abstractmethod
    def secrets(self) -> set[str]:
        """What may stand in no message and no log."""

    @property
    @abc.abstractmethod
    def words(self) -> dict[str, tuple[str, str]]:
        """What is said after `disable`, `forbid`, `lose` and `reject`: in the message, in the hint."""

    @abc.abstractmethod
    def rotate(self) -> None:
        """Give the first key a new version."""

    @abc.abstractmethod
    def versions_used(self) -> list[str]:
        """Return the version of each encryption so far."""

    @abc.abstractmethod
    def disable(self) -> None:
        """Make the first key unusable, and keep it."""

    @abc.abstractmethod
    def lose(self) -> None:
        """Delete the first key."""

    @abc.abstractmethod
    def reject(self) -> None:
        """Take none of the credentials any more."""

    @abc.abstractmethod
    def expire(self) -> None:
        """Let the credential in use end; a new one can be had."""

    @abc.abstractmethod
    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        """Answer a request as the real service does."""

    def forbid(self, *verbs: str) -> None:
        """Take the permission to use the key, or to do one of `encrypt` and `decrypt`."""
        self.permitted -= set(verbs or ("encrypt", "decrypt"))

    def answer_only(self, most: int | None) -> None:
        """Fail once so many requests have been seen; None: not any more."""
        self._most = most

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_away()

    async def come_back(self, tls: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, "127.0.0.1", self.port, reuse_address=True, ssl_context=tls
        )
        await site.start()

    async def go_away(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self._most is not None and len(self.seen) >= self._most:
            return web.json_response({}, status=503)
        if self.faults:
            self.seen.append((request.method, request.raw_path))
            return await self.faults.pop(0)(request)
        try:
            return await self.answer(request, body)
        except Denied as denied:
            return web.json_response(denied.body, status=denied.status, headers=denied.headers)


def status(code: int, text: str = "", kind: str = "application/json", **headers: str) -> Fault:
    async def fault(_: web.Request) -> web.Response:
        return web.Response(status=code, text=text, content_type=kind, headers=headers)

    return fault


def html(code: int) -> Fault:
    return status(code, "<html><body>Welcome to the proxy</body></html>", "text/html")


def huge() -> Fault:
    return status(200, json.dumps({"data": {"ciphertext": "x" * 200_000}}))


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()
