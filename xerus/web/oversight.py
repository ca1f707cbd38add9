"""What the pages of administrators call besides `deps.AdminService`; `app` passes the services."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from xerus.audit.search import Found, Place, Portion, Wanted
from xerus.connections.history import HourRow
from xerus.ids import UserId
from xerus.mcpserver.first_steps import Step


class AuditReader(Protocol):
    """`audit.search.AuditSearch`."""

    async def portion(
        self, wanted: Wanted, *, after: Place | None = None, limit: int, newest_first: bool = True
    ) -> Portion:
        """Return some events; raises SearchTooLong."""

    def everything(self, wanted: Wanted, *, until: datetime) -> AsyncIterator[Sequence[Found]]:
        """Yield all events written before an instant, in portions."""


class AddressTester(Protocol):
    """`mcpserver.first_steps.FirstSteps`."""

    @property
    def plan(self) -> Sequence[str]:
        """The names of the steps, in order."""

    def run(self, user_id: UserId) -> AsyncIterator[Step]:
        """Yield what came of each step."""


class History(Protocol):
    """`connections.history.ConnectionHistory`."""

    async def hours(self, since: datetime) -> Sequence[HourRow]:
        """Return every hour from `since` to now, the oldest first."""


@dataclass(frozen=True, kw_only=True)
class Oversight:
    """The services; everybody may test the address."""

    audit: AuditReader
    first_steps: AddressTester
    history: History
