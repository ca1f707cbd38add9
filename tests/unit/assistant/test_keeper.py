"""The keeper of an answer ends, and ends the answer, also where a cancellation was lost."""

import asyncio
from typing import Any, cast

from xerus.assistant.growth import Growth
from xerus.assistant.journal import Journal
from xerus.assistant.keeper import Keeper
from xerus.assistant.leases import Lease
from xerus.assistant.prices import Meter, Prices
from xerus.assistant.signals import Signals
from xerus.assistant.stopping import Stopping
from xerus.assistant.turns import Cut, Turn
from xerus.ids import UserId

LEASE = Lease(user_id=UserId("ada"), conversation_id="talk", run_id="run", n=0)


class Losing:
    """A journal whose answers come together with a cancellation, which is lost then."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()

    async def save(self, *_: Any) -> tuple[int, bool]:
        self.asked.set()
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.asked.clear()
        return 1, False


class Heard:
    heard = True

    def wake(self, conversation_id: str) -> None:
        del conversation_id


def keeper_of(journal: Losing, stopping: Stopping) -> Keeper:
    return Keeper(
        journal=cast("Journal", journal),
        signals=cast("Signals", Heard()),
        lease=LEASE,
        growth=Growth(Turn(), Meter(cost=Prices().of(""), is_demo=True)),
        stopping=stopping,
    )


async def test_it_ends_after_what_it_is_storing() -> None:
    journal = Losing()
    keeper = keeper_of(journal, Stopping())
    keeping = asyncio.create_task(keeper.run())
    keeper.grew()
    await journal.asked.wait()
    keeper.end()
    journal.answers.set()
    async with asyncio.timeout(30):
        await keeping


async def test_a_run_whose_end_was_lost_while_it_stored_a_step_ends_after_it() -> None:
    journal, stopping = Losing(), Stopping()
    keeper = keeper_of(journal, stopping)
    went_on = []

    async def run() -> None:
        await keeper.step()
        await asyncio.sleep(0)
        went_on.append("another step")

    work = asyncio.create_task(run())
    stopping.bind(work)
    await journal.asked.wait()
    stopping.ask(Cut.STOPPED)
    await asyncio.wait([work])
    assert not journal.asked.is_set()
    assert work.cancelled()
    assert went_on == []
