"""A reverse proxy that makes one address of several Xerus processes, as an operator's would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_METHODS = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@asynccontextmanager
async def front(port: int, ways: list[tuple[str, str]]) -> AsyncIterator[None]:
    """Serve on `port`: the first prefix of `ways` that a path starts with says where it goes.

    Where a prefix has several ways, they take turns.
    """
    turns = {prefix: cycle([base for other, base in ways if other == prefix]) for prefix, _ in ways}
    # A transport, not a client: a client would keep the cookies of everybody in one jar.
    async with httpx2.AsyncHTTPTransport() as transport:

        async def forward(request: Request) -> Response:
            base = next(next(turns[way]) for way in turns if request.url.path.startswith(way))
            passed = httpx2.Request(
                request.method,
                f"{base}{request.url.path}?{request.url.query}".rstrip("?"),
                headers=[(k, v) for k, v in request.headers.items() if k not in _HOP_BY_HOP],
                content=await request.body(),
            )
            answer = await transport.handle_async_request(passed)
            await answer.aread()
            response = Response(answer.content, answer.status_code)
            kept = [(k, v) for k, v in answer.headers.multi_items() if k not in _HOP_BY_HOP]
            length = (b"content-length", str(len(answer.content)).encode())
            response.raw_headers = [(k.encode(), v.encode()) for k, v in kept] + [length]
            return response

        app = Starlette(routes=[Route("/{path:path}", forward, methods=_METHODS)])
        config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        try:
            yield
        finally:
            server.should_exit = True
            await running
