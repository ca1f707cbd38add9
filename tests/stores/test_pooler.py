"""What differs where a PgBouncer in transaction mode stands before the server."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from tests.stores.databases import Fresh
from tests.support.commands import xerus
from tests.support.pooler import Pooler, pooler, url_of
from xerus.db import database
from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import UserId, new_id


@pytest.fixture
async def bouncer(fresh: Fresh) -> AsyncIterator[Pooler]:
    async with pooler(fresh.login, servers=2) as here:
        yield here


@asynccontextmanager
async def opened(fresh: Fresh, bouncer: Pooler) -> AsyncIterator[Database]:
    db = Database(dsn=bouncer.before(fresh.login), direct_dsn=fresh.login)
    await db.open()
    yield db
    await db.close()


async def uid(db: Database, user_id: UserId) -> str:
    async with db.transaction(Role.APP, user_id=user_id) as conn:
        row = await (await conn.execute("SELECT xerus_uid()::text AS uid")).fetchone()
    assert row
    return str(row["uid"])


async def test_many_people_share_two_server_connections(fresh: Fresh, bouncer: Pooler) -> None:
    people = [UserId(new_id()) for _ in range(100)]

    async with opened(fresh, bouncer) as db:
        found = await asyncio.gather(*(uid(db, person) for person in people))

    assert found == people
    with psycopg.connect(fresh.owner) as conn:
        servers = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'xerus'"
        ).fetchone()
    assert servers == (2,)


async def test_a_notification_sent_through_the_pooler_is_heard_past_it(
    fresh: Fresh, bouncer: Pooler
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = Listener(direct_dsn=fresh.login)
    listener.subscribe("xerus_test", heard.put_nowait)
    await listener.start()

    async with opened(fresh, bouncer) as db, db.transaction(Role.APP) as conn:
        await notify(conn, "xerus_test", "changed")

    async with asyncio.timeout(30):
        assert await heard.get() == "changed"
    await listener.stop()


async def test_a_cancelled_statement_asks_the_pooler_to_cancel_nothing(
    fresh: Fresh, bouncer: Pooler
) -> None:
    async with opened(fresh, bouncer) as db:
        begun = asyncio.Event()

        async def sleep() -> None:
            async with db.transaction(Role.APP) as conn:
                begun.set()
                await conn.execute("SELECT pg_sleep(60)")

        task = asyncio.create_task(sleep())
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        person = UserId(new_id())
        assert await uid(db, person) == person
    assert "cancel request" not in bouncer.log.read_text()


async def test_a_pooler_that_does_not_answer_is_unavailable_after_a_while(
    fresh: Fresh, bouncer: Pooler
) -> None:
    async with opened(fresh, bouncer) as db:
        bouncer.signal(signal.SIGSTOP)
        with patch.object(database, "_ANSWER_SECONDS", 0.1), pytest.raises(Unavailable):
            await uid(db, UserId(new_id()))
        bouncer.signal(signal.SIGCONT)

        person = UserId(new_id())
        assert await uid(db, person) == person


def test_a_pooler_as_the_only_way_is_refused_with_the_remedy(
    fresh: Fresh, bouncer: Pooler, tmp_path: Path
) -> None:
    env = {"XERUS_DATABASE_URL": url_of(bouncer.before(fresh.login))}

    for command in ("serve", "check"):
        refused = xerus(command, folder=tmp_path, env=env)
        assert refused.returncode == 1
        assert "Set XERUS_DATABASE_DIRECT_URL too" in refused.stdout + refused.stderr


def test_a_pooler_and_the_way_past_it_are_fine(
    fresh: Fresh, bouncer: Pooler, tmp_path: Path
) -> None:
    env = {
        "XERUS_DATABASE_URL": url_of(bouncer.before(fresh.login)),
        "XERUS_DATABASE_DIRECT_URL": url_of(fresh.login),
    }

    assert xerus("check", folder=tmp_path, env=env).returncode == 0
