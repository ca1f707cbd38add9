"""Watches where a program connects to and what it looks up, and keeps it on this machine.

`python -m tests.support.connects FILE PORT,PORT serve` is Xerus that writes it down in FILE.
"""

import asyncio
import ipaddress
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from xerus import cli


@dataclass
class Watch:
    """What was tried, `connect ADDRESS PORT` or `lookup NAME`, but for the ports that may be used."""

    allowed_ports: frozenset[int]
    tell: Callable[[str], object] | None = None
    seen: list[str] = field(default_factory=list)

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """Take in an audit event of Python's (PEP 578).

        Raises:
            ConnectionRefusedError: it would leave this machine.
        """
        match event, args:
            case "socket.connect", (_, (str(host), int(port), *_)):
                if port not in self.allowed_ports or not _is_loopback(host):
                    self._add(f"connect {host} {port}")
                if not _is_loopback(host):
                    raise ConnectionRefusedError(f"{host} is not on this machine")
            case "socket.getaddrinfo", (host, *_):
                if not _is_address(host):
                    self._add(f"lookup {host}")

    def _add(self, what: str) -> None:
        self.seen.append(what)
        if self.tell:
            self.tell(what)


_watches: list[Watch] = []


@contextmanager
def watched(*allowed_ports: int, tell: Callable[[str], object] | None = None) -> Iterator[Watch]:
    """Yield what grows with what the program tries within the block."""
    watch = Watch(frozenset(allowed_ports), tell)
    _hook()
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)


@cache
def _hook() -> None:
    sys.addaudithook(_audit)  # which stays for good, so there is one for the program


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event.startswith("socket."):
        for watch in _watches:
            watch.note(event, args)


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return host is None or host == "localhost"
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def main() -> None:
    file, ports = Path(sys.argv.pop(1)), sys.argv.pop(1)
    with (
        file.open("a", buffering=1) as tape,
        watched(*map(int, ports.split(",")), tell=lambda what: tape.write(f"{what}\n")),
        # uvloop connects in C, where Python audits nothing.
        patch("uvloop.new_event_loop", asyncio.new_event_loop),
    ):
        cli.main()


if __name__ == "__main__":
    main()
