"""Runs the sandbox and writes every byte that it receives and sends into the file named first.

python tests/support/wiretap.py TAPE --data-dir FOLDER ...
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from xerus_sandbox import __main__ as sandbox
from xerus_sandbox.delivery import TransportProtocol


def tap(tape: Path) -> None:
    """Make every connection of the sandbox write down what goes over it."""
    sink = tape.open("ab", buffering=0)
    receive, connect = TransportProtocol.data_received, TransportProtocol.connection_made

    class Tee:
        """A transport that keeps what it sends."""

        def __init__(self, transport: asyncio.Transport) -> None:
            self._transport = transport

        def write(self, data: bytes) -> None:
            sink.write(data)
            self._transport.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._transport, name)

    def data_received(self: TransportProtocol, data: bytes) -> None:
        sink.write(data + b"\n")
        receive(self, data)

    def connection_made(self: TransportProtocol, transport: Any) -> None:
        connect(self, Tee(transport))  # type: ignore[arg-type]

    TransportProtocol.data_received = data_received  # type: ignore[method-assign,assignment]
    TransportProtocol.connection_made = connection_made  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    tap(Path(sys.argv.pop(1)))
    sys.exit(sandbox.main())
