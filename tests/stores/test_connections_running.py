"""What runs on a connection ends with it, also where no notification arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.stores.connecting import Part, Person, a_process, until
from tests.stores.databases import Fresh
from tests.support.database import rows
from tests.support.stack import Sandbox
from xerus.atlassian.credentials import Disconnected, Product
from xerus.connections import removal
from xerus.connections.views import State
from xerus.db.roles import Role
from xerus.ids import ConnectionId, UserId


@pytest.fixture
async def other(part: Part, fresh: Fresh, sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Part]:
    async with a_process(fresh, sandbox, tmp_path / "key") as running:
        yield running


async def connection_of(part: Part, person: Person) -> ConnectionId:
    credentials = part.connections.credentials_for(person.user_id)
    connection_id = (await credentials.target(Product.JIRA, None)).connection_id
    assert connection_id
    return connection_id


def call(part: Part, of: ConnectionId | UserId) -> asyncio.Task[None]:
    """Begin something that takes longer than any test."""

    async def wait() -> None:
        with part.running.until_ended([of]):
            await asyncio.sleep(3600)

    return asyncio.create_task(wait())


async def test_who_was_ended_can_go_on_as_if_never_cancelled(part: Part) -> None:
    async def works_on() -> int:
        task = asyncio.current_task()
        assert task
        with suppress(Disconnected), part.running.until_ended([ConnectionId("one")]):
            await asyncio.sleep(3600)
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.sleep(3600)
        return task.cancelling()

    task = asyncio.create_task(works_on())
    await asyncio.sleep(0)

    part.running.end("one")

    assert await task == 0
    assert part.running.calls == 0


async def test_a_call_ends_in_a_process_that_hears_nothing(part: Part, other: Part) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)
    running = call(other, await connection_of(part, grace))
    await asyncio.sleep(0)
    await other.listener.stop()

    await part.connections.disconnect(grace.user_id)

    async with asyncio.timeout(30):
        with pytest.raises(Disconnected):
            await running


async def test_only_the_calls_of_the_connection_that_ended_end(part: Part, other: Part) -> None:
    grace, ada = Person("grace@example.com"), Person("ada@example.com")
    await grace.connect(part)
    await ada.connect(part)
    hers, ended = [call(other, await connection_of(part, person)) for person in (ada, grace)]
    await asyncio.sleep(0)

    await part.connections.disconnect(grace.user_id)

    async with asyncio.timeout(30):
        with pytest.raises(Disconnected):
            await ended
    assert not hers.done()
    hers.cancel()
    with pytest.raises(asyncio.CancelledError):  # not taken for a disconnect
        await hers


async def test_calls_of_an_account_end_when_another_account_takes_its_place(part: Part) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)
    running = call(part, await connection_of(part, grace))
    grace.account = "alan@example.com"

    await grace.connect(part)

    async with asyncio.timeout(30):
        with pytest.raises(Disconnected):
            await running


async def test_a_test_of_the_connection_ends_with_it(part: Part, sandbox: Sandbox) -> None:
    grace = Person("grace@example.com")
    await grace.connect(part)
    await sandbox.atlassian.configure(latency_ms=15_000)
    mark = await sandbox.atlassian.mark()
    testing = asyncio.create_task(part.connections.test(grace.user_id))
    await until(lambda: under_way(part))

    await part.connections.disconnect(grace.user_id)

    check = await testing
    assert not check.ok
    assert check.error is not None
    assert check.error.code == "disconnected"
    assert not await sandbox.atlassian.log(mark)


async def under_way(part: Part) -> bool:
    return bool(part.running.calls)


async def test_calls_of_a_removed_person_end_also_those_on_no_connection(
    part: Part, other: Part
) -> None:
    grace = Person("grace@example.com")
    running = call(other, grace.user_id)
    await asyncio.sleep(0)

    async with part.db.transaction(Role.GATE) as conn:
        await removal.erase(conn, grace.user_id)

    async with asyncio.timeout(30):
        with pytest.raises(Disconnected):
            await running


async def test_what_was_written_for_a_person_after_their_removal_is_erased_later(
    part: Part, fresh: Fresh
) -> None:
    removed, ada = Person("grace@example.com"), Person("ada@example.com")
    rows(
        fresh.owner,
        "INSERT INTO users (id, tenant, subject, email, name, created_at, signed_in_at, checked_at)"
        " VALUES (%s, 't', 's', '', '', now(), now(), now())",
        ada.user_id,
    )
    await removed.connect(part)
    await ada.connect(part)

    async with part.db.transaction(Role.GATE) as conn:
        assert await removal.erase_of_nobody(conn) == 2  # the connection and the attempt

    assert (await part.connections.view(removed.user_id)).state is State.NOT_CONNECTED
    assert (await part.connections.view(ada.user_id)).state is State.CONNECTED
