"""Running both ports in one event loop, until told to stop."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from xerus_sandbox.accounts import credentials
from xerus_sandbox.atlassian.app import SETTINGS as ATLASSIAN_SETTINGS
from xerus_sandbox.atlassian.app import AtlassianService
from xerus_sandbox.atlassian.product_store import Products
from xerus_sandbox.clock import VirtualClock
from xerus_sandbox.config import Config
from xerus_sandbox.controls import Controls
from xerus_sandbox.delivery import TransportProtocol
from xerus_sandbox.entra.app import SETTINGS as ENTRA_SETTINGS
from xerus_sandbox.entra.app import EntraService
from xerus_sandbox.port import Port
from xerus_sandbox.recorder import Recorder

HOST = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 2
_BACKLOG = 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says; port 0 takes a free one."""

    data_dir: Path
    atlassian_port: int
    entra_port: int
    record: Path | None
    stop_with_stdin: bool = False
    """Stop when standard input ends, so that no orphan keeps the ports after a killed parent."""


class Sandbox:
    """Both ports with their state, not yet serving."""

    def __init__(
        self, options: Options, products: Products, atlassian_url: str, entra_url: str
    ) -> None:
        options.data_dir.mkdir(parents=True, exist_ok=True)
        shown = credentials(atlassian_url, entra_url)
        clock, config = VirtualClock(), Config(ATLASSIAN_SETTINGS)
        self._atlassian = AtlassianService(
            folder=options.data_dir,
            base_url=atlassian_url,
            clock=clock,
            config=config,
            products=products,
            recorder=Recorder(options.record) if options.record else None,
        )
        self._atlassian_port = Port(
            name="atlassian",
            folder=options.data_dir,
            clock=clock,
            config=config,
            service=self._atlassian,
            credentials=shown,
        )
        clock, config = VirtualClock(), Config(ENTRA_SETTINGS)
        entra = EntraService(base_url=entra_url, clock=clock, config=config)
        self._entra_port = Port(
            name="entra",
            folder=options.data_dir,
            clock=clock,
            config=config,
            service=entra,
            credentials=shown,
        )
        self.atlassian_app = Controls(self._atlassian_port)
        self.entra_app = Controls(self._entra_port)
        self.entra_app.add("keys/rotate", entra.rotate_keys)

    def close(self) -> None:
        """Save everything."""
        self._atlassian.close()
        self._atlassian_port.close()
        self._entra_port.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs two of them, and says when it answers."""

    def __init__(self, app: Controls) -> None:
        super().__init__(_uvicorn_config(app))
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(options: Options, products: Products, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` gets the line that says where.

    Raises:
        OSError: a port is taken.
    """
    with contextlib.ExitStack() as stack:
        atlassian = stack.enter_context(_listen(options.atlassian_port))
        entra = stack.enter_context(_listen(options.entra_port))
        atlassian_url, entra_url = _url(atlassian), _url(entra)
        sandbox = Sandbox(options, products, atlassian_url, entra_url)
        stack.callback(sandbox.close)
        servers = [_Server(sandbox.atlassian_app), _Server(sandbox.entra_app)]
        _stop_when_told(servers, with_stdin=options.stop_with_stdin)
        running = [
            asyncio.create_task(server.serve(sockets=[listener]))
            for server, listener in zip(servers, (atlassian, entra), strict=True)
        ]
        for server in servers:
            await server.answers.wait()
        ready(f"Sandbox is ready: atlassian {atlassian_url} entra {entra_url}")
        await asyncio.gather(*running)


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; else an answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        text = f"port {port} on {HOST} cannot be used ({error.strerror}); choose another one"
        raise OSError(error.errno, text) from error
    listener.listen(_BACKLOG)
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _uvicorn_config(app: Controls) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TransportProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        backlog=_BACKLOG,
    )


def _stop_when_told(servers: list[_Server], *, with_stdin: bool) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    if with_stdin:
        loop.add_reader(sys.stdin.fileno(), lambda: _read_stdin(loop, stop))


def _read_stdin(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        stop()
