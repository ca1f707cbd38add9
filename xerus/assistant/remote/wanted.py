"""What is needed of `xerus.remotes`."""

from collections.abc import Sequence
from typing import Protocol

from xerus.ids import RemoteServerId, UserId
from xerus.remotes.servers import RemoteServer


class Remotes(Protocol):
    """`remotes.service.Remotes`."""

    async def usable(self, user_id: UserId) -> Sequence[RemoteServer]:
        """Return the servers whose tools a person may use."""

    async def headers(self, user_id: UserId, server_id: RemoteServerId) -> dict[str, str]:
        """Return the headers by which a server knows the person; raises NotConnected, NotFound."""

    async def refused(
        self, user_id: UserId, server_id: RemoteServerId, headers: dict[str, str]
    ) -> bool:
        """Hear that a server answered 401; return whether other headers may do better."""

    async def reached(
        self,
        user_id: UserId,
        server_id: RemoteServerId,
        *,
        seconds: float,
        error: Exception | None = None,
        tools: int | None = None,
    ) -> None:
        """Hear how an exchange with a server went, and how many tools it listed."""
