"""What the pages call of remote MCP servers, as narrow as they need it."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from xerus.ids import UserId
from xerus.remotes.administration import ServerLine
from xerus.remotes.entered import NewServer
from xerus.remotes.probe import Seen
from xerus.remotes.servers import Registered


class ServerAdministration(Protocol):
    """`remotes.administration.Servers`."""

    async def all(self) -> Sequence[ServerLine]:
        """Return every server, by name."""

    async def get(self, server_id: str) -> ServerLine:
        """Return a server; raises NotFound."""

    async def look(self, url: str) -> Seen:
        """Make the first call of a server that is not added yet."""

    async def suggested(self, seen: Seen) -> tuple[str, str]:
        """Return a name and a free short name."""

    async def add(self, new: NewServer, *, by: UserId) -> Registered:
        """Add a server; raises CannotBeAdded."""

    async def rename(self, server_id: str, name: str, *, by: UserId) -> None:
        """Give it another name; raises CannotBeAdded."""

    async def switch(self, server_id: str, *, enabled: bool, by: UserId) -> None:
        """Let people use it, or not."""

    async def new_key(self, server_id: str, key: SecretStr, *, by: UserId) -> None:
        """Replace the shared key; raises CannotBeAdded."""

    async def hand_tokens(self, server_id: str, typed: str, *, by: UserId) -> None:
        """Hand Atlassian tokens to the host that was typed; raises CannotBeAdded."""

    async def keep_tokens(self, server_id: str, *, by: UserId) -> None:
        """Hand it none any more."""

    async def believe(self, server_id: str, *, believes: bool, by: UserId) -> None:
        """Believe it which of its tools only read, or not."""

    async def remove(self, server_id: str, *, by: UserId) -> None:
        """Delete it with everybody's tokens for it."""
