"""The description of the OAuth front is true, and nothing that it allows or forbids breaks the front.

A few requests for each operation; `make soak` sends 2,000.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.flows.described import described, place, tried
from tests.flows.malformed import Place
from tests.support.quiet import quiet

_OURS = ("/oauth/", "/.well-known/", "/register", "/token", "/authorize")


@pytest.fixture(scope="module")
async def here() -> AsyncIterator[Place]:
    async with place() as here:
        yield here


async def test_description_names_every_operation_of_the_front_and_no_other(here: Place) -> None:
    served = {(one.method, one.path) for one in here.operations if one.path.startswith(_OURS)}
    assert served == {
        (one.method.upper(), one.path.replace("{client_id}", "x")) for one in described()
    }


@pytest.mark.parametrize("operation", described(), ids=lambda operation: operation.label)
async def test_25_requests_are_answered_as_described(here: Place, operation: Any) -> None:
    statuses = await tried(here, operation, 25, quiet)
    assert statuses.total() == 25
