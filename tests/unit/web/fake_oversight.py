"""What stands behind the pages of administrators, in memory."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xerus.audit.search import Found, Place, Portion, SearchTooLong, Wanted
from xerus.connections.history import HourRow
from xerus.ids import UserId
from xerus.mcpserver.first_steps import Step
from xerus.web.oversight import Oversight


@dataclass
class FakeReader:
    """Answers with what it holds, whatever is wanted; keeps what was wanted."""

    rows: Sequence[Found] = ()
    looked_to: datetime | None = None
    takes_too_long: bool = False
    asked: list[tuple[Wanted, Place | None, bool]] = field(default_factory=list)

    async def portion(
        self, wanted: Wanted, *, after: Place | None = None, limit: int, newest_first: bool = True
    ) -> Portion:
        self.asked.append((wanted, after, newest_first))
        if self.takes_too_long:
            raise SearchTooLong("This search takes too long.", hint="Narrow it.")
        rows = [row for row in self.rows if after is None or row.at < after.at]
        shown = rows[:limit]
        if self.looked_to:
            return Portion(
                rows=shown,
                after=Place(at=self.looked_to, shard=0, n=1),
                looked_to=self.looked_to,
            )
        return Portion(rows=shown, after=shown[-1].place if len(rows) > limit else None)

    async def everything(
        self, wanted: Wanted, *, until: datetime
    ) -> AsyncIterator[Sequence[Found]]:
        self.asked.append((wanted, None, False))
        for n in range(0, len(self.rows), 2):
            yield self.rows[n : n + 2]


@dataclass
class FakeSteps:
    """Has what came of each step ready."""

    plan: Sequence[str] = ("The address", "A call without a token")
    steps: Sequence[Step] = (
        Step(name="The address", state="ok", said="It is an https address.", seconds=0.1),
        Step(name="A call without a token", state="ok", said="Refused with 401.", seconds=0.2),
    )
    asked: list[UserId] = field(default_factory=list)

    async def run(self, user_id: UserId) -> AsyncIterator[Step]:
        self.asked.append(user_id)
        for step in self.steps:
            yield step


@dataclass
class FakeHistory:
    """The hours that it was given; none was counted otherwise."""

    rows: Sequence[HourRow] = ()
    since: list[datetime] = field(default_factory=list)

    async def hours(self, since: datetime) -> Sequence[HourRow]:
        self.since.append(since)
        return [row for row in self.rows if row.hour >= since.replace(minute=0)]


@dataclass
class FakeOversight:
    """The services in memory."""

    audit: FakeReader = field(default_factory=FakeReader)
    first_steps: FakeSteps = field(default_factory=FakeSteps)
    history: FakeHistory = field(default_factory=FakeHistory)

    def services(self) -> Oversight:
        return Oversight(audit=self.audit, first_steps=self.first_steps, history=self.history)
