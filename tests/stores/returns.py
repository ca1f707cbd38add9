"""Returns from Atlassian, twenty of each at once, and returns to somebody else's session."""

import asyncio
from collections.abc import Callable

from tests.stores.connecting import Part, Person, token_requests
from tests.support.stack import Sandbox
from xerus.connections.views import FlowStatus, State
from xerus.ids import SessionId, new_id


async def duplicated(
    fleet: tuple[Part, ...], sandbox: Sandbox, returns: int, told: Callable[[str], None]
) -> str:
    """Bring each return twenty times at once, to different processes: one exchange each."""
    for number in range(1, returns + 1):
        person = Person("grace@example.com")
        query = await person.go(fleet[0])
        mark = await sandbox.atlassian.mark()
        outcomes = await asyncio.gather(
            *(person.back(fleet[n % len(fleet)], query) for n in range(20))
        )
        ends = {outcome.status for outcome in outcomes}
        asked = await token_requests(sandbox, mark)
        assert (ends, asked) == ({FlowStatus.CONNECTED}, 1), f"return {number}: {ends}, {asked}"
        told(f"{number} of {returns} returns")
    return f"{returns} returns x 20 at once: {returns} exchanges"


async def elsewhere(part: Part, sandbox: Sandbox, returns: int, told: Callable[[str], None]) -> str:
    """Bring each return to another session of the person, and to another person: no connection."""
    for number in range(1, returns + 1):
        person, mallory = Person("grace@example.com"), Person("alan@example.com")
        query = await person.go(part)
        mark = await sandbox.atlassian.mark()
        foreign = await mallory.back(part, query)
        other = await part.connections.complete(
            user_id=person.user_id, session_id=SessionId(new_id()), query=query
        )
        assert {foreign.status, other.status} == {FlowStatus.FAILED}, f"return {number}"
        assert await token_requests(sandbox, mark) == 0, f"return {number}: an exchange"
        for somebody in (person, mallory):
            state = (await part.connections.view(somebody.user_id)).state
            assert state in {State.NOT_CONNECTED, State.CONNECTING}, f"return {number}: {state}"
        told(f"{number} of {returns} returns elsewhere")
    return f"{returns} returns in another browser: 0 connections"
