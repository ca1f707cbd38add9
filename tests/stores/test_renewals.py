"""What the stages `renewal-*` of `make soak` try at full numbers, a few of each."""

from pathlib import Path

import pytest

from tests.stores.databases import Fresh
from tests.support.quiet import quiet
from tests.support.renewals import clocks, expiries, faulty, killed, restarts, storm
from tests.support.renewals.endpoint import TokenEndpoint
from tests.support.renewals.faults import FAULTS
from tests.support.renewals.grants import Grant, Process, Store, a_process, database
from xerus.db.roles import Role
from xerus.errors import UpstreamUnavailable


@pytest.fixture
def store(fresh: Fresh, tmp_path: Path) -> Store:
    return Store(dsn=fresh.login, key_file=tmp_path / "key")


async def test_eight_processes_ask_once_for_each_expiry(store: Store) -> None:
    said = await expiries.expiries(store, 8, 25, 3, quiet)
    assert "3 token requests, 0 failures" in said


async def test_no_fault_outlives_the_deadline_ends_a_grant_or_swaps_a_pair(store: Store) -> None:
    said = await faulty.all_faults(store, FAULTS, 3, 12, quiet, deadline=3.0)
    assert "12 faults x 3 renewals" in said


async def test_everybody_at_once_is_fresh_soon_with_eight_in_flight_at_most(store: Store) -> None:
    assert "nobody asked to reconnect" in await storm.storm(store, 100, 50, 60.0, quiet)


async def test_two_immediate_restarts_lose_nothing_though_the_provider_forgives_nothing() -> None:
    async with database() as server:
        assert "0 lost, 0 stale rows" in await restarts.restarts(server, 2, 40, 6, quiet)


async def test_clocks_wrong_by_five_minutes_change_nothing(store: Store) -> None:
    assert "20 token requests, 0 failures" in await clocks.clocks(store, 10, 2, quiet)


async def test_kill_at_each_point_loses_nothing_where_the_provider_has_a_grace(
    store: Store,
) -> None:
    points = tuple(killed.POINTS)
    said = await killed.killed_at(store, points, 1, grace=600.0, told=quiet, leases_last=False)
    assert "6 kills, lost 0" in said


async def test_kill_at_each_point_is_shown_where_the_provider_has_none(store: Store) -> None:
    points = tuple(killed.POINTS)
    said = await killed.killed_at(store, points, 1, grace=0.0, told=quiet, leases_last=False)
    assert "6 kills, lost 3" in said
    assert "no row deleted" in said


async def test_nobody_waits_longer_than_the_deadline_for_another_process(store: Store) -> None:
    async with TokenEndpoint() as endpoint, a_process(store.where(endpoint.base)) as process:
        (grant,) = await process.add(endpoint, 1)
        await _lease_elsewhere(process, grant)
        renewal = process.restarted(deadline=0.5)

        with pytest.raises(UpstreamUnavailable, match="takes too long"):
            await renewal.ensure(grant.user_id, grant.connection_id, 1)

        # The attempt goes on without its caller, and renews as soon as it may.
        await process.end_lease(grant)
        await renewal.close(seconds=30)
        assert await process.generation(grant) == 2
        assert endpoint.asked[grant.number] == 1


async def _lease_elsewhere(process: Process, grant: Grant) -> None:
    async with process.db.transaction(Role.APP, user_id=grant.user_id) as conn:
        await conn.execute(
            "UPDATE credentials SET lease_owner = gen_random_uuid(),"
            " lease_until = now() + interval '1 hour'"
        )
