"""What everything measured has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, Self

PEOPLE = 3
"""How many different people call; callers beyond that share a person."""


class Client(Protocol):
    """One caller; `received` is the size of the newest answer."""

    received: int

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *error: object) -> None: ...
    async def initialize(self) -> None: ...
    async def tools(self) -> list[dict[str, Any]]: ...
    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str: ...


class Subject(ABC):
    """A server that can be started and asked.

    Attributes:
        key: what it is called on the command line.
        title: what it is called in a table.
        credentials: how many different credentials it has to show upstream.
    """

    key: str
    title: str
    credentials: int = PEOPLE

    @abstractmethod
    def start(self) -> None:
        """Start the process; it need not answer yet."""

    @abstractmethod
    def stop(self) -> None:
        """End everything that was started."""

    @abstractmethod
    def client(self, caller: int) -> Client:
        """Return the caller of this number, who is one of `PEOPLE`."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process to measure, with its children."""

    @property
    def is_running(self) -> bool:
        """False once the process ended by itself."""
        return True

    @property
    def database_pid(self) -> int:
        """The database it brings, 0 for none."""
        return 0

    async def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Do what has to be done after a start, before calls can be made."""

    def said(self) -> str:
        """Return the end of its log, for the report of a failure."""
        return ""
