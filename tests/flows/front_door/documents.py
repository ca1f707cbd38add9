"""A site of a client's maker: https on the loopback, under any name the test resolves to it."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.certificates import private_pem, self_signed
from xerus.egress.public import PublicReader

HOST = "client.example"
URL = f"https://{HOST}/oauth/client.json"
REDIRECT = "https://client.example/callback"


@dataclass
class Maker(AbstractResolver):
    """What the site answers, and how often it was asked; also the name service that leads there."""

    port: int
    answer: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    reads: int = 0
    addresses: list[list[str]] = field(default_factory=list)
    resolved: int = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.resolved += 1
        addresses = self.addresses.pop(0) if self.addresses else ["127.0.0.1"]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=self.port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""

    async def serve(self, _: web.Request) -> web.Response:
        self.reads += 1
        body = orjson.dumps(self.answer) if self.body is None else self.body
        return web.Response(body=body, status=self.status, headers=self.headers)


def described(**changes: Any) -> dict[str, Any]:
    """Return a sound document, changed."""
    document = {
        "client_id": URL,
        "client_name": "Described client",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


@asynccontextmanager
async def makers_site(folder: Path) -> AsyncIterator[tuple[Maker, PublicReader]]:
    """Yield the site and a reader for which the loopback plays the public internet."""
    key, certificate = ec.generate_private_key(ec.SECP256R1()), folder / "site.pem"
    certificate.write_text(private_pem(key) + self_signed(key, name=HOST))
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))
    maker = Maker(port=listening.getsockname()[1], answer=described())
    app = web.Application()
    app.router.add_get("/{path:.*}", maker.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, listening, ssl_context=server_tls).start()
    client_tls = ssl.create_default_context(cafile=str(certificate))
    reader = PublicReader(resolver=maker, admits=lambda one: one == "127.0.0.1", tls=client_tls)
    yield maker, reader
    await runner.cleanup()
