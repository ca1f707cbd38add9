"""GET /tools/clients: how to connect an MCP client; POST /tools/clients/test tries the address."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.limits.token_bucket import TokenBuckets
from xerus.web import access
from xerus.web.client_guides import guides
from xerus.web.deps import WebDeps

PATH = "/tools/clients"
_TESTS_PER_MINUTE = 6
_MARK = "<!-- steps -->"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ConnectClient:
    """Shows the guides, and makes a client's first steps for whoever asks."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._tests = TokenBuckets(per_minute=_TESTS_PER_MINUTE, whose="you")

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            access.page(self._deps, PATH, self._show),
            access.action(self._deps, f"{PATH}/test", self._test),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        return await self._page(request, session, testing=False)

    async def _test(self, request: Request, session: Session, _form: FormData) -> Response:
        """Send the page up to the steps at once, and each step when it is done."""
        self._tests.spend(session.user.id)
        page = await self._page(request, session, testing=True)
        headers = {k: v for k, v in page.headers.items() if k != "content-length"}
        # A proxy that gathers the answer would hold back what is done already.
        headers["X-Accel-Buffering"] = "no"
        return StreamingResponse(self._steps(request, session, page), headers=headers)

    async def _steps(
        self, request: Request, session: Session, page: HTMLResponse
    ) -> AsyncIterator[bytes]:
        before, _, after = bytes(page.body).partition(_MARK.encode())
        first_steps = self._deps.oversight.first_steps
        names = iter((*first_steps.plan, ""))
        states: list[str] = []
        yield before + self._part(request, "running.html", name=next(names))
        async for step in first_steps.run(session.user.id):
            states.append(step.state)
            yield self._part(request, "step.html", step=step)
            if name := next(names):
                yield self._part(request, "running.html", name=name)
        yield self._part(request, "verdict.html", states=states) + after

    def _part(self, request: Request, template: str, **context: Any) -> bytes:
        page = self._deps.pages.render(request, f"tools/test/{template}", viewer=None, **context)
        return bytes(page.body)

    async def _page(self, request: Request, session: Session, *, testing: bool) -> HTMLResponse:
        url = f"{self._deps.public_url}/mcp"
        return self._deps.pages.render(
            request,
            "tools/clients.html",
            viewer=access.viewer(session),
            csrf=session.csrf,
            mcp_url=url,
            guides=guides(url),
            opened=request.query_params.get("client", ""),
            is_local=urlsplit(url).hostname in _LOOPBACK,
            clients=await self._deps.grants.of(session.user.id),
            testing=testing,
        )
