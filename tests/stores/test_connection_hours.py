"""The hours of connections: counted once whoever counts, kept 90 days, a gap where nobody did."""

import asyncio
from datetime import timedelta
from itertools import pairwise

from tests.stores.connecting import Part, Person
from xerus.audit.events import Event
from xerus.connections.history import HOUR, KEPT, ConnectionHistory
from xerus.ids import UserId, new_id

ADA = UserId(new_id())


def history_of(part: Part) -> ConnectionHistory:
    return ConnectionHistory(db=part.db, clock=part.clock)


async def test_states_renewals_and_time_left_are_counted_and_never_twice(
    part: Part, grace: Person
) -> None:
    history = history_of(part)
    for cause in ("atlassian_unavailable", "atlassian_unavailable", "ok", None):
        await part.audit.append(Event.CREDENTIAL_REFRESH_FAILED, user_id=ADA, cause=cause)
    await part.audit.append(Event.CREDENTIAL_REFRESHED, user_id=ADA)
    await part.audit.append(Event.SESSION_CREATED, user_id=ADA)
    await asyncio.gather(*(history.write() for _ in range(4)))
    await history.write()
    (row,) = await history.hours(part.clock.now())
    assert row.was_seen
    assert row.states == {"connected": 1}
    assert row.left == {"more": 1}
    assert row.renewals == {"atlassian_unavailable": 2, "unknown": 2, "ok": 1}


async def test_a_later_look_in_the_hour_takes_the_place_of_an_earlier(
    part: Part, grace: Person
) -> None:
    history = history_of(part)
    await history.write()
    await part.connections.disconnect(grace.user_id)
    await history.write()
    (row,) = await history.hours(part.clock.now())
    assert row.states == {"disconnected": 1}
    assert row.left == {}


async def test_an_hour_that_nobody_counted_is_told_from_one_with_nothing_to_count(
    part: Part,
) -> None:
    history = history_of(part)
    await history.write()
    part.clock.ahead = 3 * HOUR
    await history.write()
    rows = await history.hours(part.clock.now() - 3 * HOUR)
    assert [row.was_seen for row in rows] == [True, False, False, True]
    assert all(row.states == {} for row in rows)
    assert [second.hour - first.hour for first, second in pairwise(rows)] == [HOUR] * 3


async def test_renewals_while_nobody_counted_are_counted_after(part: Part) -> None:
    history = history_of(part)
    await history.write()
    await part.audit.append(Event.CREDENTIAL_REFRESHED, user_id=ADA)
    part.clock.ahead = 2 * HOUR
    await history.write()
    rows = await history.hours(part.clock.now() - 2 * HOUR)
    assert sum(row.renewals.get("ok", 0) for row in rows) == 1


async def test_hours_are_forgotten_after_90_days(part: Part) -> None:
    history = history_of(part)
    await history.write()
    began = part.clock.now()
    part.clock.ahead = KEPT + 2 * HOUR + timedelta(minutes=1)
    await history.write()
    rows = await history.hours(began)
    assert [row.was_seen for row in rows if row.was_seen] == [True]
    assert rows[-1].was_seen
