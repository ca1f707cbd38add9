"""What the pages of people call; `app` passes the real service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xerus.accounts.people import PersonRow, Wanted
from xerus.connections.views import ConnectionView, State
from xerus.ids import UserId


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """A person in the list: how many MCP clients act for them, and their connections by name."""

    person: PersonRow
    clients: int
    connections: Sequence[tuple[str, State]]


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """A page of the list, which that is, and how many people fit."""

    lines: Sequence[PersonLine]
    total: int
    page: int


@dataclass(frozen=True, kw_only=True)
class HeldConnection:
    """What a person has at one place; `key` names the place in addresses and forms.

    `is_told` tells whether the other side hears of the end.
    """

    key: str
    name: str
    view: ConnectionView
    is_told: bool

    @property
    def can_end(self) -> bool:
        """Whether there is something to disconnect."""
        return self.view.connection_id is not None


class PeopleService(Protocol):
    """`app.people.PeopleAdministration`; no tokens, no conversations."""

    async def page(self, wanted: Wanted) -> PeoplePage:
        """Return a page of the people who fit."""

    async def get(self, user_id: str) -> PersonRow:
        """Return a person. Raises NotFound."""

    async def connections(self, user_id: UserId) -> Sequence[HeldConnection]:
        """Return how a person stands at each place that people can connect."""

    async def sign_out(self, user_id: UserId, *, by: UserId) -> None:
        """End every browser session of a person."""

    async def end_clients(self, user_id: UserId, *, by: UserId) -> None:
        """End what every MCP client of a person was given."""

    async def disconnect(self, user_id: UserId, key: str, *, by: UserId) -> None:
        """Erase a person's tokens of one place. Raises NotFound."""

    async def disable(self, user_id: UserId, *, by: UserId) -> None:
        """Keep a person out. Raises NotFound, Forbidden for oneself."""

    async def enable(self, user_id: UserId, *, by: UserId) -> None:
        """Let a person in again. Raises NotFound."""

    async def remove(self, user_id: UserId, *, by: UserId) -> None:
        """Erase everything of a person but the audit trail. Raises NotFound, Forbidden for oneself."""
