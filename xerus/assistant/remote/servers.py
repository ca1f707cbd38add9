"""What the servers offer a person, remembered for a minute, asked for without making anyone wait."""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any, TypeAlias

from xerus.assistant.remote.definitions import MOST_TOOLS, Offer, offer_of
from xerus.assistant.remote.session import Session
from xerus.assistant.remote.transport import Failure
from xerus.assistant.remote.wanted import Remotes
from xerus.egress.servers import ServerEgress
from xerus.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable, XerusError
from xerus.ids import UserId
from xerus.remotes.servers import NotConnected, RemoteServer
from xerus.remotes.views import away
from xerus.telemetry.logs import logger

_log = logger(__name__)

WAIT_SECONDS = 4.0
"""How long an answer waits for servers to say what they offer; who is late is missing in it."""
_LIST_SECONDS = 20.0
_LIFE_SECONDS = 60.0
_PAUSE_SECONDS = 30.0
_MOST_REMEMBERED = 2000
_NO = frozenset({"status_401", "status_403"})

_Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A server whose tools cannot be used now, and why; `connect` where the person can do that."""

    server: RemoteServer
    why: str
    connect: NotConnected | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a server offers; `session` is open where it was asked just now."""

    server: RemoteServer
    offer: Offer
    session: Session | None = None


@dataclass(frozen=True, kw_only=True)
class _Remembered:
    until: float
    found: Offer | str


class Servers:
    """The servers of a process; one instance for all people."""

    def __init__(
        self, *, remotes: Remotes, egress: ServerEgress, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._remotes = remotes
        self._egress = egress
        self._wait_seconds = wait_seconds
        self._remembered: OrderedDict[_Key, _Remembered] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def drain(self) -> None:
        """Wait until the sessions that end are ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def offers(self, user_id: UserId) -> list[Listed | Missing]:
        """Return what each server that the person may use offers, in at most the time to wait."""
        servers = await self._remotes.usable(user_id)
        asked = [self._start(self._offer(user_id, server)) for server in servers]
        # One that is known to be away is asked all the same, and waited for by nobody.
        here = [one for one, server in zip(asked, servers, strict=True) if not server.away_since]
        if here:
            await asyncio.wait(here, timeout=self._wait_seconds)
        return [self._outcome(task, server) for task, server in zip(asked, servers, strict=True)]

    async def one(self, user_id: UserId, server: RemoteServer) -> Listed | Missing:
        """Return what one server offers, in at most the time to wait."""
        task = self._start(self._offer(user_id, server))
        if not server.away_since:
            await asyncio.wait([task], timeout=self._wait_seconds)
        found = self._outcome(task, server)
        if isinstance(found, Listed) and found.session is not None:
            self.leave([found.session])
        return found

    async def opened(self, user_id: UserId, server: RemoteServer) -> Listed:
        """Return a session with a server, and what it offers at this moment.

        Raises:
            Failure: it does not answer as it should.
        """
        session = self._session(user_id, server)
        try:
            offer = await self._ask(user_id, server, session)
        except BaseException:
            self.leave([session])
            raise
        return Listed(server=server, offer=offer, session=session)

    def leave(self, sessions: Iterable[Session]) -> None:
        """End sessions, without waiting for it."""
        for session in sessions:
            self._start(session.close())

    def forget(self, user_id: UserId, server: RemoteServer) -> None:
        """Ask anew next time what a server offers."""
        self._remembered.pop(_key(user_id, server), None)

    async def _offer(self, user_id: UserId, server: RemoteServer) -> Listed | Missing:
        match self._known(user_id, server):
            case Offer() as offer:
                return await self._still(user_id, server, offer)
            case str(why):
                return Missing(server=server, why=why)
            case _:
                pass
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                return await self.opened(user_id, server)
        except TimeoutError:
            return self._missing(user_id, server, _late())
        except Failure as failure:
            return self._missing(user_id, server, failure)

    async def _still(self, user_id: UserId, server: RemoteServer, offer: Offer) -> Listed | Missing:
        """Return what is remembered, unless the person has disconnected meanwhile."""
        try:
            await self._remotes.headers(user_id, server.id)
        except NotConnected as lacking:
            self.forget(user_id, server)
            return Missing(server=server, why=lacking.message, connect=lacking)
        return Listed(server=server, offer=offer)

    async def _ask(self, user_id: UserId, server: RemoteServer, session: Session) -> Offer:
        began = perf_counter()
        try:
            listed = await session.tools(MOST_TOOLS + 1)
        except Failure as failure:
            if failure.lacking is None:
                await self._remotes.reached(
                    user_id, server.id, seconds=perf_counter() - began, error=_told(failure)
                )
            raise
        await self._remotes.reached(
            user_id, server.id, seconds=perf_counter() - began, tools=len(listed)
        )
        offer = offer_of(server, listed)
        self._remember(user_id, server, offer, _LIFE_SECONDS)
        return offer

    def _missing(self, user_id: UserId, server: RemoteServer, failure: Failure) -> Missing:
        if failure.lacking is None:
            _log.warning("remote_server_missing", server=server.id, cause=failure.code)
            self._remember(user_id, server, failure.message, _PAUSE_SECONDS)
        return Missing(server=server, why=failure.message, connect=failure.lacking)

    def _outcome(
        self, task: "asyncio.Task[Listed | Missing]", server: RemoteServer
    ) -> Listed | Missing:
        if task.done():
            try:
                return task.result()
            except XerusError as error:
                _log.warning("remote_server_missing", server=server.id, cause=error.code)
                return Missing(server=server, why=error.message)
        # It goes on, so that the next answer may have it; its session is of no use by then.
        task.add_done_callback(self._unneeded)
        return Missing(server=server, why=away(server) or _late().message)

    def _unneeded(self, task: "asyncio.Task[Listed | Missing]") -> None:
        if task.cancelled() or task.exception() is not None:
            return
        found = task.result()
        if isinstance(found, Listed) and found.session is not None:
            self.leave([found.session])

    def _session(self, user_id: UserId, server: RemoteServer) -> Session:
        known = _Known(remotes=self._remotes, user_id=user_id, server=server)
        return Session(egress=self._egress, url=server.url, credentials=known)

    def _known(self, user_id: UserId, server: RemoteServer) -> Offer | str | None:
        key = _key(user_id, server)
        found = self._remembered.get(key)
        if found is None or found.until < monotonic():
            self._remembered.pop(key, None)
            return None
        return found.found

    def _remember(
        self, user_id: UserId, server: RemoteServer, found: Offer | str, seconds: float
    ) -> None:
        self._remembered[_key(user_id, server)] = _Remembered(
            until=monotonic() + seconds, found=found
        )
        while len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name="mcp-server")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Implements `transport.Credentials` for one person at one server."""

    remotes: Remotes
    user_id: UserId
    server: RemoteServer

    async def headers(self) -> dict[str, str]:
        return await self.remotes.headers(self.user_id, self.server.id)

    async def refused(self, headers: dict[str, str]) -> bool:
        return await self.remotes.refused(self.user_id, self.server.id, headers)


def sessions_of(found: Sequence[Listed | Missing]) -> dict[str, Listed]:
    """Return what came with an open session, by the server's id."""
    return {
        one.server.id: one for one in found if isinstance(one, Listed) and one.session is not None
    }


def _key(user_id: UserId, server: RemoteServer) -> _Key:
    # With the URL and the trust: a server that is changed is another one.
    return (user_id, server.id, f"{server.url} {server.trusts_annotations} {server.slug}")


def _told(failure: Failure) -> UpstreamError:
    """Return a failure for the server's page: a no, or no answer."""
    kind = UpstreamRefused if failure.code in _NO else UpstreamUnavailable
    return kind(failure.message, code=failure.code)


def _late() -> Failure:
    return Failure("The server did not answer in time.", code="timeout")
