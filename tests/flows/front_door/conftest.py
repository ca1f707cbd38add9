"""A front door per test: one database server and one simulated Entra ID for the run."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.front_door.door import CALLBACK, Attempt, Door, Entra
from tests.flows.front_door.opening import make_template, open_door, registered
from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.stack import Sandbox
from xerus.db.embedded import EmbeddedDsns, EmbeddedPostgres

MakeDoor = Callable[..., Awaitable[Door]]


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[EmbeddedDsns]:
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    dsns = await postgres.start()
    await make_template(dsns)
    yield dsns
    await postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def world() -> Iterator[Sandbox]:
    running = Sandbox(reachable(), None)
    yield running
    running.stop()


@pytest.fixture(scope="session")
async def registration(world: Sandbox) -> Entra:
    return await registered(world)


@pytest.fixture
async def entra(registration: Entra) -> Entra:
    await registration.port.reset()
    return registration


@pytest.fixture(scope="session")
async def shared_door(server: EmbeddedDsns, registration: Entra) -> AsyncIterator[Door]:
    door = await open_door(server, reachable(), registration)
    yield door
    await door.stop()


@pytest.fixture
async def make_door(server: EmbeddedDsns, tmp_path: Path) -> AsyncIterator[MakeDoor]:
    """Opens a front door of the test's own."""
    doors: list[Door] = []

    async def make(entra: Entra | None, **settings: Any) -> Door:
        doors.append(await open_door(server, tmp_path, entra, **settings))
        return doors[-1]

    yield make
    for door in doors:
        await door.stop()


@pytest.fixture
async def door(shared_door: Door, entra: Entra) -> Door:
    """The front door, at the right time and with a fresh quota; its database is shared."""
    assert entra is shared_door.entra
    shared_door.clock.ahead = timedelta()
    shared_door.quota.left = 1_000_000
    return shared_door


@pytest.fixture
async def own_door(make_door: MakeDoor, entra: Entra) -> Door:
    return await make_door(entra)


@pytest.fixture
async def local_door(make_door: MakeDoor) -> Door:
    return await make_door(None)


@pytest.fixture
async def attempt(door: Door) -> Attempt:
    return Attempt(door, (await door.register())["client_id"])


@pytest.fixture
async def person() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK,)) as browser:
        yield browser


@pytest.fixture
async def stranger() -> AsyncIterator[Browser]:
    async with Browser(stops_at=(CALLBACK,)) as browser:
        yield browser
