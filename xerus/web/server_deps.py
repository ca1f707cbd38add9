"""What the pages call of remote MCP servers, as narrow as they need it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pydantic import SecretStr

from xerus.connections.views import ConnectionView, FlowView, Outcome, Started
from xerus.errors import XerusError
from xerus.ids import FlowId, SessionId, UserId
from xerus.remotes.administration import ServerLine
from xerus.remotes.entered import NewServer
from xerus.remotes.probe import Seen
from xerus.remotes.servers import Registered

BASE = "/connections/servers/{slug}"
"""The path of a server's pages."""


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

    async def register_again(self, server_id: str, *, by: UserId) -> None:
        """Register Xerus anew where people sign in; raises CannotBeAdded."""

    async def remove(self, server_id: str, *, by: UserId) -> None:
        """Delete it with everybody's tokens for it."""


class Tried(Protocol):
    """`remotes.checks.Tried`: what a test came to."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def error(self) -> XerusError | None:
        """Why it failed, None where it did not."""


class OneServer(Protocol):
    """`remotes.link.ServerLink`: one server for one request."""

    @property
    def row(self) -> Registered:
        """What is kept of it."""

    async def begin(self, *, user_id: UserId, session_id: SessionId, return_to: str) -> Started:
        """Start an attempt to connect."""

    async def complete(
        self, *, user_id: UserId, session_id: SessionId, query: Mapping[str, str]
    ) -> Outcome:
        """Finish an attempt with what came back."""

    async def keep_key(self, user_id: UserId, key: SecretStr) -> None:
        """Keep a person's own key, if the server takes it."""

    async def flow(self, user_id: UserId, flow_id: FlowId | None = None) -> FlowView | None:
        """Return an attempt of this person, the newest by default."""

    async def cancel(self, user_id: UserId) -> None:
        """Give up open attempts."""

    async def wait_for_change(self, flow_id: FlowId, timeout: float) -> object:
        """Return when the attempt changed, or after `timeout` seconds."""

    async def view(self, user_id: UserId) -> ConnectionView:
        """Return what there is to show."""

    async def test(self, user_id: UserId) -> Tried:
        """Make a real call."""

    async def disconnect(self, user_id: UserId) -> None:
        """Erase what is kept of a person, and tell the other side."""


class RemoteService(Protocol):
    """`remotes.service.Remotes`, for people."""

    async def links(self, user_id: UserId) -> Sequence[OneServer]:
        """Return the servers that a person may use."""

    async def link(self, user_id: UserId, slug: str) -> OneServer:
        """Return one of them by its short name; raises NotFound."""
