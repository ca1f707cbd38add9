"""Attacks on the OAuth front at their full numbers, each named after its row of the threat list.

What is tried and what must hold stands in `tests/flows/front_door/attacks.py` and
`wrong_tokens.py`. The front runs in this program on a database and a simulated Entra ID of its own.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import structlog

from bench.progress import say
from bench.soak.pressure import StageFailed
from tests.flows.front_door import attacks, in_chromium, machine
from tests.flows.front_door.door import Door
from tests.flows.front_door.opening import door_alone
from tests.flows.front_door.wrong_tokens import wrong_tokens

_TOLD_EVERY = 10.0
_EXAMPLES = 5_000
PARTS = 10


async def cross_browser() -> str:
    """Row 8: 500 tries to end a sign-in in another browser, a fifth of them in Chromium."""
    return await _stage(_in_browsers)


async def confused_deputy() -> str:
    """Row 9: 200 malicious registrations beside a live session."""
    return await _stage(lambda door, told: attacks.confused_deputy(door, 200, told))


async def redirects() -> str:
    """Row 10: 5,000 mutated redirect addresses."""
    return await _stage(lambda door, told: attacks.redirects(door, 5_000, told))


async def tokens() -> str:
    """Row 11: the matrix of wrong tokens."""
    return await _stage(wrong_tokens)


async def redemptions() -> str:
    """Row 12: 100 codes, each redeemed twelve times at once."""
    return await _stage(lambda door, told: attacks.redemptions(door, 100, told))


def every_order(part: int) -> Callable[[], Awaitable[str]]:
    """Row 12: a tenth of 5,000 examples of 50 steps each, shared by all processors."""
    return lambda: _every_order(part)


async def _every_order(part: int) -> str:
    workers = os.cpu_count() or 1
    each = -(-_EXAMPLES // PARTS // workers)
    loop = asyncio.get_running_loop()
    # A fresh interpreter for each, with a front, a database and an Entra ID of its own.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        numbers = range(part * workers, (part + 1) * workers)
        runs = [loop.run_in_executor(pool, _orders, number, each) for number in numbers]
        return "; ".join(await asyncio.gather(*runs))


def _orders(part: int, examples: int) -> str:
    return asyncio.run(
        _stage(lambda door, told: machine.run(door, examples=examples, part=part, told=told))
    )


async def refresh_replay() -> str:
    """Row 13: 200 families, each renewed 50 times at once."""
    return await _stage(lambda door, told: attacks.refresh_replay(door, 200, told))


async def _in_browsers(door: Door, told: attacks.Told) -> str:
    plain = await attacks.cross_browser(door, 400, told)
    return f"{plain}; {await in_chromium.cross_browser(door, 100, told)}"


async def _stage(attack: Callable[[Door, attacks.Told], Awaitable[str]]) -> str:
    # Refusals are what is wanted here, thousands of them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    last = time.monotonic()

    def told(what: str) -> None:
        nonlocal last
        if time.monotonic() - last > _TOLD_EVERY:
            last = time.monotonic()
            say(f"  {what}")

    async with door_alone() as door:
        try:
            return await attack(door, told)
        except AssertionError as finding:
            # Hypothesis tells in the notes how it came to it.
            notes = getattr(finding, "__notes__", ())
            raise StageFailed("\n".join([str(finding), *notes])) from finding
