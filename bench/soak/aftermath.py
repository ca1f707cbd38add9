"""What has to be whole after every fault: MCP clients and the audit log."""

import asyncio
from collections.abc import Sequence

from bench.soak.pressure import StageFailed, all_answered
from bench.world import Person, World

_SECONDS = 30.0


async def still_authorized(people: Sequence[Person]) -> None:
    """Check that everybody's MCP client can still renew its own token and use it."""
    await asyncio.gather(*(person.refresh() for person in people))
    await all_answered(people, within=_SECONDS)


async def sound_audit(here: World) -> str:
    """Return what `xerus audit verify` says.

    Raises:
        StageFailed: it found a fault.
    """
    status, said = await here.command("audit", "verify")
    if status != 0:
        raise StageFailed(f"the audit log is not sound: {said}")
    return said
