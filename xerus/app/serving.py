"""Runs the composed application until it is told to stop."""

import errno
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from xerus.app.arrivals import BoundedArrival
from xerus.app.composition import compose
from xerus.app.foundation import DatabaseUrls
from xerus.app.roles import Role
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import PAST_THE_POOLER, POOLED, migrate, pending, pooled
from xerus.errors import NotConfigured
from xerus.settings.groups import Settings
from xerus.telemetry import logs

_GRACE_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Bind:
    """Where to listen; `fd` is a socket that a parent process bound."""

    host: str
    port: int
    fd: int | None = None


def progress(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(text, file=sys.stderr, flush=True)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[DatabaseUrls]:
    """Yield a reachable database: the configured one, or the embedded one, started here.

    Raises:
        NotConfigured: a pooler is the only way to it.
        Unavailable: it does not answer.
    """
    if settings.database.url is not None:
        url = settings.database.url.get_secret_value()
        direct = settings.database.direct_url
        direct_url = direct.get_secret_value() if direct else url
        if direct is None and pooled(url):
            raise NotConfigured(f"XERUS_DATABASE_URL {POOLED}.", hint=PAST_THE_POOLER)
        yield DatabaseUrls(login=url, direct=direct_url, owner=direct_url)
        return
    progress("Starting the embedded PostgreSQL")
    embedded = EmbeddedPostgres(settings.server.data_dir)
    dsns = await embedded.start()
    try:
        yield DatabaseUrls(login=dsns.login, direct=dsns.login, owner=dsns.owner)
    finally:
        await embedded.stop()


def bring_up_to_date(urls: DatabaseUrls) -> None:
    """Apply outstanding migrations.

    Raises:
        NotConfigured: there are some, and this login may not apply them.
    """
    if not pending(urls.direct):
        return
    progress("Bringing the database up to date")
    migrate(urls.owner, login=urls.login_name)


class _Server(uvicorn.Server):
    """Says when it can be used, and returns after a signal so that the database can be stopped."""

    def __init__(self, config: uvicorn.Config, ready: str, closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _keep_out_of_collections()
        if self.started:
            print(self._ready, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing()  # or streams would be waited for, and cut off in the end
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            # uvicorn would raise the signal once more and cut off what has to follow.
            self._captured_signals.clear()


def _keep_out_of_collections() -> None:
    """Let the garbage collector pass over what start-up made: it stays until the end.

    Measured: each full collection took 100 to 150 ms with it, a fifth of the time under load. One
    before the freeze took a tenth of the start, and the process was no smaller for it.
    """
    gc.freeze()
    gc.enable()  # `xerus serve` starts without


def listen(bind: Bind) -> socket.socket:
    """Return the listening socket, bound before anything slow is begun.

    Raises:
        NotConfigured: the address cannot be listened on.
    """
    if bind.fd is not None:
        return socket.socket(fileno=bind.fd)
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    try:
        return socket.create_server((bind.host, bind.port), family=family, backlog=2048)
    except OverflowError as error:
        raise NotConfigured(
            f"{bind.port} is no port.", hint="A port is a number from 1 to 65535."
        ) from error
    except OSError as error:
        number = error.errno or 0
        if number < 0 or number == errno.EADDRNOTAVAIL:  # below 0: of the resolver
            raise NotConfigured(
                f"{bind.host} is no address of this machine.",
                hint="Set XERUS_HOST, or --host, to one that is, such as 127.0.0.1.",
            ) from error
        raise NotConfigured(
            f"Cannot listen on {bind.host} port {bind.port}: {os.strerror(number)}.",
            hint="End the program that uses the port, or choose another with XERUS_PORT.",
        ) from error


async def serve(settings: Settings, *, roles: frozenset[Role], bind: Bind) -> int:
    """Serve the roles until SIGINT or SIGTERM; return the exit status.

    Raises:
        NotConfigured: the database lacks migrations or roles; the hint says what to run.
    """
    logs.configure(level=settings.server.log_level, form=settings.server.log_format)
    with listen(bind) as listening:
        return await _serve_on(listening, settings, roles)


async def _serve_on(listening: socket.socket, settings: Settings, roles: frozenset[Role]) -> int:
    async with database(settings) as urls:
        bring_up_to_date(urls)
        application = await compose(settings, urls=urls, roles=roles)
        if application.sign_in_link:
            progress(f"Sign in once, on this machine, with: {application.sign_in_link}")
        proxies = list(settings.server.trusted_proxies)
        server = _Server(
            uvicorn.Config(
                application.http,
                loop="uvloop",
                http=BoundedArrival,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies or None,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            ),
            ready=f"Xerus is ready: {settings.public_url}",
            closing=application.closing,
        )
        await server.serve(sockets=[listening])
        return 0 if server.started else 1
