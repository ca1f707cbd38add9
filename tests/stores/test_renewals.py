"""What the stages `renewal-*` of `make soak` try at full numbers, a few of each."""

from tests.support.quiet import quiet
from tests.support.renewals import clocks, expiries, faulty, restarts, storm


async def test_eight_processes_ask_once_for_each_expiry() -> None:
    said = await expiries.expiries(8, 25, 3, quiet)
    assert "3 token requests, 0 failures" in said


async def test_no_fault_outlives_the_deadline_or_ends_a_grant() -> None:
    assert "12 faults x 3 renewals" in await faulty.every_fault(3, 12, quiet)


async def test_everybody_at_once_is_fresh_soon_with_eight_in_flight_at_most() -> None:
    assert "nobody asked to reconnect" in await storm.storm(100, 50, 60.0, quiet)


async def test_three_immediate_restarts_lose_nothing_though_the_provider_forgives_nothing() -> None:
    assert "0 lost, 0 stale rows" in await restarts.restarts(3, 40, 6, quiet)


async def test_clocks_wrong_by_five_minutes_change_nothing() -> None:
    assert "20 token requests, 0 failures" in await clocks.clocks(10, 2, quiet)
