"""2,000 generated requests for each operation of the OAuth front, by its OpenAPI description.

What is sent and what must hold stands in `tests/flows/described.py`. The limits on callers are out
of reach here, so that the operations themselves answer.
"""

from collections import Counter

from bench.soak.product import Told, judged
from tests.flows.described import described, place, tried

_CASES = 2_000
_OF_CLIENTS = ("/.well-known/", "/oauth/jwks", "/oauth/register", "/register")


async def clients() -> str:
    """Row 23: metadata, keys and registrations."""
    return await judged(_all(of_clients=True))


async def grants() -> str:
    """Row 23: authorization, sign-in, tokens and revocation."""
    return await judged(_all(of_clients=False))


async def _all(*, of_clients: bool) -> str:
    told, statuses, operations = Told(), Counter[int](), 0
    async with place() as here:
        for operation in described():
            if operation.path.startswith(_OF_CLIENTS) == of_clients:
                statuses += await tried(here, operation, _CASES, told)
                operations += 1
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    return f"{operations} operations, {_CASES} requests each, all as described: {answers}"
