"""A front door per test: one database server and one simulated Entra ID for the run."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.flows.front_door.door import CALLBACK, Attempt, Door, Entra
from tests.support.browser import Browser
from tests.support.folders import reachable
from tests.support.stack import Sandbox
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedDsns, EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.notify import Listener
from xerus.db.place import LOGIN
from xerus.ids import new_id

_TEMPLATE = "template_door"
MakeDoor = Callable[..., Awaitable[Door]]


@pytest.fixture(scope="package")
async def server() -> AsyncIterator[EmbeddedDsns]:
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    dsns = await postgres.start()
    with psycopg.connect(dsns.owner, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    owner = make_conninfo(dsns.owner, dbname=_TEMPLATE)
    await asyncio.to_thread(migrate, owner, login=LOGIN)
    yield dsns
    await postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def world() -> Iterator[Sandbox]:
    running = Sandbox(reachable(), None)
    yield running
    running.stop()


@pytest.fixture(scope="package")
async def registration(world: Sandbox) -> Entra:
    given = (await world.credentials())["entra"]
    return Entra(
        port=world.entra,
        issuer=given["issuer"],
        client_id=given["client_id"],
        client_secret=given["client_secret"],
    )


@pytest.fixture
async def entra(registration: Entra) -> Entra:
    await registration.port.reset()
    return registration


async def _open_door(
    server: EmbeddedDsns, folder: Path, entra: Entra | None, **settings: Any
) -> Door:
    name = f"d_{new_id().replace('-', '')}"
    with psycopg.connect(server.owner, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(_TEMPLATE)
            )
        )
    dsn = make_conninfo(server.login, dbname=name)
    database = Database(dsn=dsn, direct_dsn=dsn)
    await database.open()
    door = Door(
        database=database,
        listener=Listener(direct_dsn=dsn),
        owner_dsn=make_conninfo(server.owner, dbname=name),
        folder=folder,
        entra=entra,
        **settings,
    )
    await door.start()
    return door


@pytest.fixture(scope="package")
async def shared_door(server: EmbeddedDsns, registration: Entra) -> AsyncIterator[Door]:
    door = await _open_door(server, reachable(), registration)
    yield door
    await door.stop()


@pytest.fixture
async def make_door(server: EmbeddedDsns, tmp_path: Path) -> AsyncIterator[MakeDoor]:
    """Opens a front door of the test's own."""
    doors: list[Door] = []

    async def make(entra: Entra | None, **settings: Any) -> Door:
        doors.append(await _open_door(server, tmp_path, entra, **settings))
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
