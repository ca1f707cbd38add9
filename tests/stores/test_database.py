import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.abc import Query

from tests.stores.databases import Fresh
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import UserId, new_id

ADA, GRACE = UserId(new_id()), UserId(new_id())


async def rows(database: Database, statement: Query, role: Role, user: UserId | None) -> list[Any]:
    async with database.transaction(role, user_id=user) as conn:
        return await (await conn.execute(statement)).fetchall()


@pytest.fixture
def notes(fresh: Fresh) -> None:
    """A table with a row each of Ada and Grace, protected as every table of users is."""
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET ROLE xerus_owner")
        conn.execute("CREATE TABLE notes (user_id uuid, note text)")
        conn.execute("GRANT SELECT, INSERT ON notes TO xerus_app")
        conn.execute("INSERT INTO notes VALUES (%s, 'of ada'), (%s, 'of grace')", (ADA, GRACE))
        conn.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        conn.execute("ALTER TABLE notes FORCE ROW LEVEL SECURITY")
        conn.execute(
            "CREATE POLICY own ON notes TO xerus_app"
            " USING (user_id = xerus_uid()) WITH CHECK (user_id = xerus_uid())"
        )


@pytest.mark.usefixtures("notes")
async def test_without_a_user_no_row_is_visible(database: Database) -> None:
    assert await rows(database, "SELECT * FROM notes", Role.APP, None) == []


@pytest.mark.usefixtures("notes")
async def test_a_user_sees_only_their_own_rows(database: Database) -> None:
    found = await rows(database, "SELECT note FROM notes", Role.APP, ADA)

    assert found == [{"note": "of ada"}]


@pytest.mark.usefixtures("notes")
async def test_a_user_cannot_write_a_row_of_somebody_else(database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(Role.APP, user_id=ADA) as conn:
            await conn.execute("INSERT INTO notes VALUES (%s, 'forged')", (GRACE,))


@pytest.mark.usefixtures("notes")
async def test_even_the_owner_sees_no_rows_under_forced_security(fresh: Fresh) -> None:
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET ROLE xerus_owner")

        assert conn.execute("SELECT count(*) FROM notes").fetchone() == (0,)


@pytest.mark.usefixtures("notes")
async def test_user_and_role_do_not_leak_to_the_next_transaction_of_the_connection(
    fresh: Fresh,
) -> None:
    one = Database(dsn=fresh.login, direct_dsn=fresh.login, max_size=1)
    await one.open()
    pid = await rows(one, "SELECT pg_backend_pid() AS pid", Role.APP, ADA)

    assert await rows(one, "SELECT pg_backend_pid() AS pid", Role.APP, None) == pid
    assert await rows(one, "SELECT * FROM notes", Role.APP, None) == []
    with pytest.raises(RuntimeError, match="on purpose"):
        async with one.transaction(Role.APP, user_id=ADA):
            raise RuntimeError("on purpose")
    assert await rows(one, "SELECT * FROM notes", Role.APP, None) == []
    async with one._pool.connection() as conn:
        found = await conn.execute("SELECT current_user AS name, xerus_uid() AS uid")
        assert await found.fetchone() == {"name": "xerus", "uid": None}
    await one.close()


@pytest.mark.parametrize(
    ("role", "table"),
    [
        (Role.APP, "data_keys"),
        (Role.APP, "purpose_keys"),
        (Role.APP, "signing_keys"),
        (Role.WORKER, "signing_keys"),
        (Role.GATE, "audit_checkpoints"),
    ],
)
async def test_a_role_cannot_read_what_it_was_not_granted(
    database: Database, role: Role, table: str
) -> None:
    statement = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await rows(database, statement, role, None)


async def test_the_login_itself_reaches_nothing_and_cannot_become_the_owner(fresh: Fresh) -> None:
    with psycopg.connect(fresh.login, autocommit=True) as conn:
        for statement in ("SELECT * FROM users", "SET ROLE xerus_owner", "CREATE TABLE t (a int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)


async def test_every_table_with_rows_of_users_forces_row_level_security(fresh: Fresh) -> None:
    with psycopg.connect(fresh.owner) as conn:
        unprotected = conn.execute("""
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE a.attname = 'user_id' AND c.relkind = 'r' AND NOT c.relforcerowsecurity
        """).fetchall()
        foreign = conn.execute("""
            SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tableowner <> 'xerus_owner'
        """).fetchall()

    assert unprotected == []
    assert foreign == []


async def test_an_exception_rolls_back_and_leaves_the_connection_usable(
    database: Database,
) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await rows(database, "SELECT 1 / 0", Role.APP, None)

    assert await rows(database, "SELECT 1 AS one", Role.APP, None) == [{"one": 1}]


async def test_a_swallowed_statement_error_is_not_mistaken_for_a_commit(
    database: Database,
) -> None:
    async def swallow() -> None:
        async with database.transaction(Role.APP) as conn:
            with suppress(psycopg.errors.DivisionByZero):
                await conn.execute("SELECT 1 / 0")

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await swallow()


async def test_a_user_id_that_is_no_uuid_is_refused_before_any_sql(database: Database) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        await rows(database, "SELECT 1", Role.APP, UserId("'; DROP TABLE users; --"))


async def test_dead_pooled_connections_are_replaced_before_the_first_statement(
    fresh: Fresh,
) -> None:
    database = Database(dsn=fresh.login, direct_dsn=fresh.login, min_size=4, max_size=4)
    await database.open()
    await asyncio.gather(*(rows(database, "SELECT 1", Role.APP, None) for _ in range(8)))
    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    found = await asyncio.gather(
        *(rows(database, "SELECT 1 AS one", Role.APP, None) for _ in range(20))
    )

    assert found == [[{"one": 1}]] * 20
    await database.close()


async def test_a_connection_lost_inside_a_transaction_is_unavailable_and_heals(
    database: Database,
) -> None:
    async def lose() -> None:
        async with database.transaction(Role.APP) as conn:
            conn.pgconn.finish()
            await conn.execute("SELECT 1")

    with pytest.raises(Unavailable):
        await lose()

    assert await database.ready()


async def test_a_request_that_is_aborted_while_it_gives_its_connection_back_costs_none(
    fresh: Fresh,
) -> None:
    one = Database(dsn=fresh.login, direct_dsn=fresh.login, max_size=1)
    await one.open()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def use() -> None:
        async with one.transaction(Role.APP):
            inside.set()
            await leave.wait()

    using = asyncio.create_task(use())
    await inside.wait()
    lock = one._pool._lock
    async with lock:  # as while the pool hands a connection to somebody who has just gone
        leave.set()
        async with asyncio.timeout(10):
            while not lock._waiters:  # noqa: ASYNC110 - locks tell nobody
                await asyncio.sleep(0)
        using.cancel()
        await asyncio.wait([using])

    assert await one.ready()
    await one.close()


async def test_a_database_that_is_away_is_unavailable_with_a_hint() -> None:
    nowhere = "host=/nonexistent user=xerus dbname=xerus"
    database = Database(dsn=nowhere, direct_dsn=nowhere)

    with pytest.raises(Unavailable) as caught:
        await database.open()

    assert caught.value.hint
    assert not await database.ready()
    await database.close()


async def test_parallel_transactions_each_act_as_their_own_user(database: Database) -> None:
    users = [UserId(str(uuid4())) for _ in range(200)]

    found = await asyncio.gather(
        *(rows(database, "SELECT xerus_uid()::text AS uid", Role.APP, user) for user in users)
    )

    assert [row[0]["uid"] for row in found] == users
