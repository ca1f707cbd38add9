import asyncio

import psycopg
import pytest

from tests.stores.databases import Fresh
from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role


async def test_a_payload_arrives_after_commit_and_not_after_rollback(
    fresh: Fresh, database: Database
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = Listener(direct_dsn=fresh.login)
    listener.subscribe("xerus_grant", heard.put_nowait)
    await listener.start()

    async def roll_back() -> None:
        async with database.transaction(Role.APP) as conn:
            await notify(conn, "xerus_grant", "rolled back")
            raise LookupError

    with pytest.raises(LookupError):
        await roll_back()
    async with database.transaction(Role.GATE) as conn:
        await notify(conn, "xerus_grant", "family-1")

    async with asyncio.timeout(5):
        assert await heard.get() == "family-1"
    await listener.stop()
    assert not listener.connected


async def test_a_lost_connection_shows_and_is_restored(fresh: Fresh, database: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    again = asyncio.Event()
    states: list[bool] = []
    listener = Listener(direct_dsn=fresh.login)
    listener.subscribe("xerus_session", heard.put_nowait)
    listener.on_reconnect(again.set)
    listener.on_reconnect(lambda: states.append(listener.connected))
    await listener.start()
    assert listener.connected

    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'xerus-listener' AND datname = current_database()"
        )
    async with asyncio.timeout(5):
        await again.wait()
    async with database.transaction(Role.GATE) as conn2:
        await notify(conn2, "xerus_session", "session-1")

    async with asyncio.timeout(5):
        assert await heard.get() == "session-1"
    assert states == [True]
    await listener.stop()


async def test_a_failing_handler_does_not_deafen_the_others(
    fresh: Fresh, database: Database
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def fails(payload: str) -> None:
        raise ValueError(payload)

    listener = Listener(direct_dsn=fresh.login)
    listener.subscribe("xerus_flow", fails)
    listener.subscribe("xerus_flow", heard.put_nowait)
    await listener.start()

    async with database.transaction(Role.WORKER) as conn:
        await notify(conn, "xerus_flow", "flow-1")

    async with asyncio.timeout(5):
        assert await heard.get() == "flow-1"
    await listener.stop()
