"""Row 23 of the list of threats: everything but the time that a refusal takes, as `make soak` does."""

from collections.abc import AsyncIterator

import pytest

from tests.flows import malformed
from tests.support.quiet import quiet


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[malformed.Place]:
    async with malformed.place() as here:
        yield here


async def test_row_23_1000_broken_requests_get_no_server_error_and_no_stack_trace(
    place: malformed.Place,
) -> None:
    assert await malformed.messages(place, 1_000, quiet)


async def test_row_23_bodies_of_100_mb_and_10_000_levels_are_refused_everywhere(
    place: malformed.Place,
) -> None:
    assert await malformed.bodies(place, quiet)


async def test_row_23_heads_that_are_too_long_or_broken_are_refused_everywhere(
    place: malformed.Place,
) -> None:
    assert await malformed.headers(place, quiet)


async def test_row_23_requests_that_do_not_end_keep_nobody_out(place: malformed.Place) -> None:
    assert await malformed.slow(place, quiet, connections=40)
