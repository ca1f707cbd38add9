"""What the stages `roles-*` of `make soak` try at full numbers, once each."""

from collections.abc import AsyncIterator

import pytest

from bench.fleet import Fleet, fleet
from bench.soak import roles


@pytest.fixture(scope="module")
async def eight() -> AsyncIterator[Fleet]:
    async with fleet() as here:
        yield here


async def test_an_expiry_seen_in_both_mcp_processes_asks_once(eight: Fleet) -> None:
    assert "1 token requests, 0 failures" in await roles.expiries(eight, 1, 20)


async def test_an_immediate_restart_of_the_database_loses_nothing(eight: Fleet) -> None:
    assert "0 lost, 0 stale rows" in await roles.restarts(eight, 1, 6, 2)


async def test_disconnecting_on_a_page_ends_the_calls_in_both_mcp_processes(eight: Fleet) -> None:
    assert "1 disconnects under 5 held calls" in await roles.disconnects(eight, 1)
