"""A million operations of 100 people through PgBouncer on five server connections: nothing crosses.

What is tried and what must hold stands in `tests/stores/crossings/`.
"""

from collections.abc import Awaitable, Callable

from bench.soak.product import Told, judged
from tests.stores.crossings.crossings import crossings

_PEOPLE = 100
_OPERATIONS = 10_000
_PROCESSES = 4
_PARTS = 10


async def run() -> str:
    """A tenth of everybody's 10,000 operations."""
    return await judged(crossings(_PEOPLE, _OPERATIONS // _PARTS, _PROCESSES, Told()))


STAGES: dict[str, Callable[[], Awaitable[str]]] = {
    f"crossings-{part}": run for part in range(1, _PARTS + 1)
}
