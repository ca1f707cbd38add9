"""Opens front doors: each over a database of its own, a copy of one that is migrated once."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.flows.front_door.door import Door, Entra
from tests.support.folders import reachable
from tests.support.stack import Sandbox
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedDsns, EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.notify import Listener
from xerus.db.place import LOGIN
from xerus.ids import new_id

_TEMPLATE = "template_door"


async def make_template(server: EmbeddedDsns) -> None:
    """Make the database that doors get copies of, on a server that need not survive a crash."""
    with psycopg.connect(server.owner, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET fsync = off")
        conn.execute("ALTER SYSTEM SET synchronous_commit = off")
        conn.execute("SELECT pg_reload_conf()")
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    owner = make_conninfo(server.owner, dbname=_TEMPLATE)
    await asyncio.to_thread(migrate, owner, login=LOGIN)


async def registered(world: Sandbox) -> Entra:
    """Return the app registration at the simulated Entra ID."""
    given = (await world.credentials())["entra"]
    return Entra(
        port=world.entra,
        issuer=given["issuer"],
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        folder=world.folder,
    )


async def open_door(
    server: EmbeddedDsns, folder: Path, entra: Entra | None, **settings: Any
) -> Door:
    """Open a front door; whoever opens it stops it."""
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


@asynccontextmanager
async def door_alone() -> AsyncIterator[Door]:
    """Yield a front door with a database server and a simulated Entra ID of its own."""
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    server = await postgres.start()
    world = await asyncio.to_thread(Sandbox, folder, None)
    try:
        await make_template(server)
        door = await open_door(server, folder, await registered(world))
        try:
            yield door
        finally:
            await door.stop()
    finally:
        await asyncio.to_thread(world.stop)
        await postgres.stop()
        await asyncio.to_thread(shutil.rmtree, folder)
