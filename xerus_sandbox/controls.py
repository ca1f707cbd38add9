"""The routes under `/_sandbox/` that tests and the demo steer a port with."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from xerus_sandbox.accounts import BY_EMAIL
from xerus_sandbox.config import ConfigError
from xerus_sandbox.faults import FaultError
from xerus_sandbox.port import Port

_PREFIX = "/_sandbox/"


class _BadControl(Exception):
    """A control request that cannot be followed; becomes a 400 with this text."""


class Controls:
    """Answers the controls of a port and hands everything else to it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._routes = Starlette(
            routes=[
                Route("/_sandbox/log", self._log),
                Route("/_sandbox/reset", self._reset, methods=["POST"]),
                Route("/_sandbox/clock", self._read_clock),
                Route("/_sandbox/clock", self._advance_clock, methods=["POST"]),
                Route("/_sandbox/config", self._read_config),
                Route("/_sandbox/config", self._change_config, methods=["PATCH"]),
                Route("/_sandbox/faults", self._list_faults),
                Route("/_sandbox/faults", self._add_faults, methods=["POST"]),
                Route("/_sandbox/faults", self._clear_faults, methods=["DELETE"]),
                Route("/_sandbox/grants/revoke", self._revoke, methods=["POST"]),
            ],
            exception_handlers={_BadControl: _say_bad},
        )

    def add(self, path: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
        """Add a POST control that only this port has; what it changed is saved."""

        async def saving(request: Request) -> Response:
            response = await handler(request)
            self._port.save()
            return response

        self._routes.add_route(_PREFIX + path, saving, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request to this port."""
        app: ASGIApp = self._routes if scope["path"].startswith(_PREFIX) else self._port
        await app(scope, receive, send)

    async def _log(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdigit():
            raise _BadControl("after must be the number of a log entry, for example ?after=12")
        return JSONResponse(self._port.log.after(int(after)))

    async def _reset(self, _: Request) -> Response:
        self._port.reset()
        return JSONResponse({"reset": True})

    async def _read_clock(self, _: Request) -> Response:
        return JSONResponse({"now": self._port.clock.now()})

    async def _advance_clock(self, request: Request) -> Response:
        seconds = _member(await _json(request), "advance_seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise _BadControl("advance_seconds must be a number of seconds, 0 or more")
        now = self._port.clock.advance(seconds)
        self._port.save()
        return JSONResponse({"now": now})

    async def _read_config(self, _: Request) -> Response:
        return self._config()

    def _config(self) -> Response:
        return JSONResponse({**self._port.config.values, "credentials": self._port.credentials})

    async def _change_config(self, request: Request) -> Response:
        try:
            self._port.config.patch(await _json(request))
        except ConfigError as error:
            body = {"error": str(error), "known": self._port.config.known}
            return JSONResponse(body, status_code=400)
        self._port.save()
        return self._config()

    async def _list_faults(self, _: Request) -> Response:
        return self._faults()

    def _faults(self) -> Response:
        return JSONResponse([vars(fault) for fault in self._port.faults.waiting])

    async def _add_faults(self, request: Request) -> Response:
        try:
            self._port.faults.add(await _json(request))
        except FaultError as error:
            raise _BadControl(str(error)) from error
        self._port.save()
        return self._faults()

    async def _clear_faults(self, _: Request) -> Response:
        self._port.faults.waiting.clear()
        self._port.save()
        return self._faults()

    async def _revoke(self, request: Request) -> Response:
        email = _member(await _json(request), "account")
        if email not in BY_EMAIL:
            raise _BadControl(f"account must be one of {', '.join(BY_EMAIL)}")
        ended = self._port.service.revoke(email)
        self._port.save()
        return JSONResponse({"account": email, "revoked": ended})


async def _say_bad(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _json(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise _BadControl("Send a JSON body") from error


def _member(data: Any, name: str) -> Any:
    if not isinstance(data, dict) or name not in data:
        raise _BadControl(f'Send a JSON object with "{name}"')
    return data[name]
