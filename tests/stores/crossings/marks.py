"""The mark of a person, and an Atlassian that puts it on all it gives out."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.stores.connecting import SCOPES

_MARK = re.compile(r"mark\d{4}")


def mark(number: int) -> str:
    return f"mark{number:04}"


def marks_in(*values: object) -> set[str]:
    """Return every mark that stands somewhere in the values."""
    return set(_MARK.findall(" ".join(map(repr, values))))


@dataclass
class MarkedAtlassian:
    """Knows nobody: a code, token or site says by its mark whose it is.

    `crossed` are the requests in which the token of one person asked for a site of another.
    """

    crossed: list[str] = field(default_factory=list)
    base: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/oauth/token", self._token)
        application.router.add_get("/me", self._me)
        application.router.add_get("/oauth/token/accessible-resources", self._resources)
        application.router.add_get("/ex/{product}/{site}/{rest:.*}", self._called)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        whose = _owner(asked.get("code") or asked["refresh_token"])
        number = next(self._numbers)
        return web.json_response(
            {
                "access_token": f"access.{whose}.{number}",
                "refresh_token": f"refresh.{whose}.{number}",
                "expires_in": 3600,
                "token_type": "Bearer",
            }
        )

    async def _me(self, request: web.Request) -> web.Response:
        whose = _bearer(request)
        return web.json_response(
            {"account_id": f"{whose}-account", "email": f"{whose}@example.com", "name": whose}
        )

    async def _resources(self, request: web.Request) -> web.Response:
        whose = _bearer(request)
        return web.json_response([_site(f"{whose}-{letter}") for letter in "ab"])

    async def _called(self, request: web.Request) -> web.Response:
        if _bearer(request) != _owner(request.match_info["site"]):
            self.crossed.append(f"{request.headers['Authorization']} {request.path}")
        return web.json_response({})


def _site(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "url": f"https://{name}.example.com",
        "scopes": sorted(SCOPES),
    }


def _bearer(request: web.Request) -> str:
    return _owner(request.headers["Authorization"])


def _owner(text: str) -> str:
    (found,) = _MARK.findall(text)
    return str(found)
