"""Attacks on the whole product at their full numbers, each named after its row of the threat list.

What is tried and what must hold stands in `tests/flows/ssrf/`, `strangers.py` and `malformed.py`.
"""

import logging
import time
from collections.abc import Awaitable

import structlog

from bench.progress import say
from bench.soak.pressure import StageFailed
from tests.flows import malformed, strangers
from tests.flows.ssrf import answers, named
from tests.support.standing import sandbox_alone

_ADDRESSES = 1_000  # all of them
_FLIPS = 500
_REFUSED_WITHIN = 1.0
_TOLD_EVERY = 10.0


class Told:
    """Shows how far it is, now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str) -> None:
        if time.monotonic() - self._last > _TOLD_EVERY:
            self._last = time.monotonic()
            say(f"  {what}")


async def ssrf_answers() -> str:
    """Row 14: over 300 addresses in the answers of servers that may be called, and in names."""
    return await judged(_all_answers())


async def ssrf_requests() -> str:
    """Row 14: over 300 addresses wherever somebody can name one to the product."""
    async with named.place() as here:
        return await judged(named.named_to_the_product(here, _ADDRESSES, Told()))


async def shared_token() -> str:
    """Row 17: every operation and every tool with every kind of credential that is none."""
    async with sandbox_alone() as sandbox:
        refused = await judged(strangers.turned_away(sandbox, 1, Told()))
        kept = await judged(strangers.not_opted_in(sandbox, 1, Told()))
        return f"{refused}; {kept}"


async def malformed_input() -> str:
    """Row 23: what is too large, too deep, too long, too slow or broken, but for what `described.py` tries."""
    async with malformed.place() as here:
        return await judged(_all_malformed(here))


async def _all_answers() -> str:
    told = Told()
    done = [
        await answers.named_in_answers(_ADDRESSES, told),
        await answers.named_by_strangers(_ADDRESSES, told),
        await answers.rebinding(_FLIPS, told),
    ]
    return "; ".join(done)


async def _all_malformed(here: malformed.Place) -> str:
    told = Told()
    done = [
        await malformed.messages(here, 1_000, told),
        await malformed.bodies(here, told, within=_REFUSED_WITHIN),
        await malformed.headers(here, told, within=_REFUSED_WITHIN),
        await malformed.slow(here, told),
    ]
    return "; ".join(done)


async def judged(attack: Awaitable[str]) -> str:
    """Make a finding of an attack the failure of its stage."""
    # Refusals are what is wanted here, thousands of them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        return await attack
    except AssertionError as finding:
        raise StageFailed(str(finding)) from finding
