"""Renewals at full numbers, against a strict token endpoint and through a proxy that does harm.

What is tried and what must hold stands in `tests/support/renewals/`.
"""

from collections.abc import Awaitable, Callable, Sequence

from bench.soak.product import Told, judged
from tests.stores import returns
from tests.stores.connecting import a_process
from tests.stores.databases import Fresh
from tests.support.renewals import clocks, expiries, faulty, grants, killed, restarts, storm
from tests.support.renewals.faults import FAULTS, Fault
from tests.support.renewals.grants import Server
from tests.support.standing import sandbox_alone

_KILLS = 200
_RANDOM_KILLS = 1_000
_GRACE = 600.0  # Atlassian's


async def _held(attack: Callable[[Server], Awaitable[str]]) -> str:
    async with grants.database() as server:
        return await judged(attack(server))


async def expiry_in_eight() -> str:
    """50 expiries under 25 callers in each of 8 processes."""
    return await _held(lambda server: expiries.expiries(server, 8, 25, 50, Told()))


def faults(some: Sequence[Fault]) -> Callable[[], Awaitable[str]]:
    """Return the stage that renews 500 times through each of `some` faults."""

    async def run() -> str:
        return await _held(lambda server: faulty.all_faults(server, some, 500, 3, Told()))

    return run


async def everybody() -> str:
    """5,000 grants over at once, 50 answers a second."""
    return await _held(lambda server: storm.storm(server, 5_000, 50, 300.0, Told()))


async def wrong_clocks() -> str:
    """40 grants, 50 expiries, clocks wrong by up to five minutes."""
    return await _held(lambda server: clocks.clocks(server, 40, 50, Told()))


async def database_restarts() -> str:
    """50 immediate restarts, 40 grants, 6 workers, a provider that forgives nothing."""
    return await _held(lambda server: restarts.restarts(server, 50, 40, 6, Told()))


async def duplicated_returns() -> str:
    """A quarter of 1,000 returns from Atlassian, 20 of each at once."""
    return await judged(_returns(250, 0))


async def returns_elsewhere() -> str:
    """500 returns in another browser."""
    return await judged(_returns(0, 500))


async def _returns(twenty: int, elsewhere: int) -> str:
    async with sandbox_alone() as sandbox, grants.database() as server:
        fresh, key = Fresh(login=server.dsn, owner=server.dsn), server.key_file
        async with a_process(fresh, sandbox, key) as one, a_process(fresh, sandbox, key) as two:
            if twenty:
                return await returns.duplicated((one, two), sandbox, twenty, Told())
            return await returns.elsewhere(one, sandbox, elsewhere, Told())


def at_points(*, grace: float) -> Callable[[], Awaitable[str]]:
    """Return the stage that kills 200 times at each of six points."""

    async def run() -> str:
        points = tuple(killed.POINTS)
        return await _held(
            lambda server: killed.killed_at(server, points, _KILLS, grace=grace, told=Told())
        )

    return run


def at_random(*, grace: float) -> Callable[[], Awaitable[str]]:
    """Return the stage that kills 1,000 times at any moment of a renewal."""

    async def run() -> str:
        return await _held(
            lambda server: killed.killed_at_random(server, _RANDOM_KILLS, grace=grace, told=Told())
        )

    return run


STAGES: dict[str, Callable[[], Awaitable[str]]] = {
    "renewal-expiries": expiry_in_eight,
    "renewal-faults-1": faults(FAULTS[:6]),
    "renewal-faults-2": faults(FAULTS[6:]),
    "renewal-storm": everybody,
    "renewal-clocks": wrong_clocks,
    "renewal-restarts": database_restarts,
    **{f"renewal-returns-{part}": duplicated_returns for part in range(1, 5)},
    "renewal-returns-elsewhere": returns_elsewhere,
    "renewal-kills": at_points(grace=_GRACE),
    "renewal-kills-without-grace": at_points(grace=0),
    "renewal-random-kills-1": at_random(grace=_GRACE),
    "renewal-random-kills-2": at_random(grace=_GRACE),
    "renewal-random-kills-without-grace-1": at_random(grace=0),
    "renewal-random-kills-without-grace-2": at_random(grace=0),
}
