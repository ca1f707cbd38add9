"""The transport that asks a boundary before each request and after each answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from xerus.atlassian.credentials import Credentials, Target
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.transport import Transport
from xerus.atlassian.uploads import Upload
from xerus.clock import Clock
from xerus.egress.client import Egress, Reply
from xerus.errors import Forbidden


class OutsideBoundary(Forbidden):
    """The operator's filter does not let this be reached, or it cannot be told."""

    code = "outside_filter"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request as a client wants it."""

    method: str
    template: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    json: Any
    is_cloud: bool


Look = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[Any]]
"""Reads (template, path, query) to find out where something belongs; never shown to anybody."""


class Boundary(Protocol):
    """Knows what may be reached."""

    async def admit(self, ask: Ask, look: Look) -> Ask:
        """Return the request, its query held to the filter.

        Raises:
            OutsideBoundary: it reaches outside, or nobody can tell.
        """
        ...

    def shown(self, ask: Ask, answer: Any) -> Any:
        """Return the answer without what is outside.

        Raises:
            OutsideBoundary: all of it is.
        """
        ...


class BoundedTransport(Transport):
    """Sends only what the boundary admits."""

    def __init__(
        self,
        *,
        boundary: Boundary,
        egress: Egress,
        credentials: Credentials,
        limits: AtlassianLimits,
        clock: Clock,
    ) -> None:
        super().__init__(egress=egress, credentials=credentials, limits=limits, clock=clock)
        self._boundary = boundary

    async def call(
        self,
        target: Target,
        method: str,
        template: str,
        *,
        scope: str = "",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        safe: bool | None = None,
    ) -> Reply:
        """Send one request as `Transport.call` does, if it stays inside."""
        ask = await self._admit(target, _asked(target, method, template, path, query, json))
        reply = await super().call(
            target,
            method,
            template,
            scope=scope,
            path=path,
            query=ask.query,
            json=ask.json,
            safe=safe,
        )
        if not reply.body:
            return reply
        shown = self._boundary.shown(ask, reply.json())
        return replace(reply, body=orjson.dumps(shown))

    async def transfer(
        self,
        target: Target,
        method: str,
        template: str,
        *,
        scope: str = "",
        path: Mapping[str, str] | None = None,
        form: Upload | None = None,
    ) -> Reply:
        """Move a file as `Transport.transfer` does, if what it belongs to is inside."""
        await self._admit(target, _asked(target, method, template, path))
        return await super().transfer(target, method, template, scope=scope, path=path, form=form)

    async def _admit(self, target: Target, ask: Ask) -> Ask:
        async def look(at: str, values: Mapping[str, str], asking: Mapping[str, str]) -> Any:
            reply = await Transport.call(self, target, "GET", at, path=values, query=asking)
            return reply.json()

        return await self._boundary.admit(ask, look)


def _asked(
    target: Target,
    method: str,
    template: str,
    path: Mapping[str, str] | None,
    query: Mapping[str, str] | None = None,
    json: Any = None,
) -> Ask:
    return Ask(
        method=method,
        template=template,
        path={name: value for name, value in (path or {}).items() if f"{{{name}}}" in template},
        query=query or {},
        json=json,
        is_cloud=target.is_cloud,
    )
