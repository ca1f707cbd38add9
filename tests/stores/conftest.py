"""One embedded server for the run; a fresh migrated database, and a process on it, for who asks."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.stores.connecting import Part, Person, a_process
from tests.stores.databases import TEMPLATE, Fresh, migrated
from tests.support.folders import reachable
from tests.support.stack import Sandbox
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedDsns, EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.place import LOGIN


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[EmbeddedDsns]:
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    dsns = await postgres.start()
    with psycopg.connect(dsns.owner, autocommit=True) as conn:
        # Nothing here outlives the run; test_embedded has servers of its own, which are durable.
        conn.execute("ALTER SYSTEM SET fsync = off")
        conn.execute("ALTER SYSTEM SET full_page_writes = off")
        conn.execute("SELECT pg_reload_conf()")
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    owner = make_conninfo(dsns.owner, dbname=TEMPLATE)
    await asyncio.to_thread(migrate, owner, login=LOGIN)
    yield dsns
    await postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture
def new_database(server: EmbeddedDsns) -> Iterator[Callable[[], Fresh]]:
    """Makes a migrated database that nothing else uses."""
    with ExitStack() as made:
        yield lambda: made.enter_context(migrated(server))


@pytest.fixture
def fresh(new_database: Callable[[], Fresh]) -> Fresh:
    return new_database()


@pytest.fixture
async def database(fresh: Fresh) -> AsyncIterator[Database]:
    opened = Database(dsn=fresh.login, direct_dsn=fresh.login)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def part(fresh: Fresh, sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Part]:
    """What one process has of connections, before an Atlassian as it was at first."""
    await sandbox.atlassian.reset()
    async with a_process(fresh, sandbox, tmp_path / "key") as running:
        yield running


@pytest.fixture
async def grace(part: Part) -> Person:
    person = Person("grace@example.com")
    await person.connect(part)
    return person
