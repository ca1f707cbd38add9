"""Pooled transactions, each under one database role and for at most one user."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, TypeAlias

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from xerus.db.roles import Role
from xerus.db.through_pooler import ThroughPooler
from xerus.errors import InvalidInput, Unavailable
from xerus.ids import UserId
from xerus.telemetry import metric_list as names
from xerus.telemetry.metrics import Reading

Connection: TypeAlias = AsyncConnection[dict[str, Any]]

_WAIT_SECONDS = 5.0
# A server or a pooler that holds a connection open may still not answer on it.
_ANSWER_SECONDS = 10.0
_RECONNECT_SECONDS = 3.0
_READY_SECONDS = 3.0

# Of the classes of SQLSTATE: connection exception, insufficient resources, operator intervention
# (57014 is a cancelled statement, not a server that went away).
_AWAY = ("08", "53", "57P")
# What PgBouncer answers where it cannot reach the server: a fresh connection would hear the same.
_POOLER_ALONE = "08P01"
_NUL = "A text of this request has the character NUL in it, which cannot be kept or looked for."


class Database:
    """The pool of connections to `dsn`.

    Every connection logs in as the one login; what it may do is decided per transaction.
    `direct_dsn` reaches the same database past a pooler; where the two differ, prepared
    statements are not used, because PgBouncer in transaction mode does not keep them, and no
    statement is cancelled (`ThroughPooler`).
    """

    def __init__(self, *, dsn: str, direct_dsn: str, min_size: int = 1, max_size: int = 10) -> None:
        self._max_size = max_size
        pooled = dsn != direct_dsn
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            dsn,
            connection_class=ThroughPooler if pooled else AsyncConnection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "prepare_threshold": None if pooled else 5,
                "connect_timeout": 5,
                "keepalives_idle": 30,
                "tcp_user_timeout": 30_000,
                "application_name": "xerus",
            },
            min_size=min_size,
            max_size=max_size,
            timeout=_WAIT_SECONDS,
            # Short, so that after an outage no waiter hangs on a long back-off: a new request
            # starts a new attempt.
            reconnect_timeout=_RECONNECT_SECONDS,
            open=False,
        )

    async def open(self) -> None:
        """Start the pool and wait for its first connection.

        Raises:
            Unavailable: the database does not answer.
        """
        await self._pool.open()
        async with self.transaction(Role.APP):
            pass

    async def close(self) -> None:
        """Close every connection; transactions under way fail."""
        await self._pool.close()

    def readings(self) -> Iterator[Reading]:
        """Yield how the pool is used."""
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        yield names.DATABASE_CONNECTIONS, stats.get("pool_size", 0) - idle, "in_use"
        yield names.DATABASE_CONNECTIONS, idle, "idle"
        yield names.DATABASE_CONNECTIONS, self._max_size, "most"
        yield names.DATABASE_WAITING, stats.get("requests_waiting", 0)

    async def ready(self) -> bool:
        """Tell whether a transaction can be begun now."""
        try:
            async with asyncio.timeout(_READY_SECONDS), self.transaction(Role.APP):
                return True
        except (Unavailable, TimeoutError):
            return False

    @asynccontextmanager
    async def transaction(
        self, role: Role, *, user_id: UserId | None = None
    ) -> AsyncIterator[Connection]:
        """Run the block in one transaction as `role`, committed at its end.

        Without `user_id` no row of any user is visible to `Role.APP`. Connections that a restart
        of the database left dead are replaced before the block begins. An exception in the block
        rolls back.

        Raises:
            Unavailable: the database is away, or went away before the commit was confirmed.
            InvalidInput: a text has the character NUL, which PostgreSQL does not hold.
        """
        async with self._given_back(await self._begin(role, user_id)) as conn:
            yield conn
            await _commit(conn)

    async def at_once(self, role: Role, statement: sql.Composable) -> None:
        """Run one statement in a transaction of its own, in a single round trip.

        For what is written often. Whether it was done is not known where the connection breaks.

        Args:
            role: as what.
            statement: SQL with its values in it; its result is not read.

        Raises:
            Unavailable: the database is away, or went away before the commit was confirmed.
        """
        whole = sql.SQL("{}; {}; COMMIT").format(_opening(role, None), statement)
        async with self._given_back(await self._taken()) as conn:
            await conn.execute(whole, prepare=False)

    @asynccontextmanager
    async def _given_back(self, conn: Connection) -> AsyncIterator[Connection]:
        """Give a connection back after the block, rolled back where that failed."""
        try:
            yield conn
        except psycopg.OperationalError as error:
            await _rollback(conn)
            if conn.closed or (error.sqlstate or "").startswith(_AWAY):
                raise _unavailable(error) from error
            raise
        except psycopg.DataError as error:
            await _rollback(conn)
            if error.sqlstate is None:  # of psycopg itself, before anything was sent
                raise InvalidInput(_NUL, hint="Take it out and try again.") from error
            raise
        except BaseException:
            await _rollback(conn)
            raise
        finally:
            await self._put_back(conn)

    async def _put_back(self, conn: Connection) -> None:
        # The pool waits for its lock here: cancelled there, it would count the connection as taken
        # for ever, and after as many as it may have nobody would get one any more.
        await asyncio.shield(self._pool.putconn(conn))

    async def _taken(self) -> Connection:
        try:
            return await self._pool.getconn()
        except (PoolTimeout, PoolClosed) as error:
            raise _unavailable(error) from error

    async def _begin(self, role: Role, user_id: UserId | None) -> Connection:
        opening = _opening(role, user_id)
        give_up_at = asyncio.get_running_loop().time() + _ANSWER_SECONDS
        # Every pooled connection may be dead after a restart; one more is fresh.
        for _ in range(self._max_size + 1):
            conn = await self._taken()
            try:
                async with asyncio.timeout_at(give_up_at):
                    await conn.execute(opening)
            except TimeoutError as error:
                await self._put_away(conn)
                raise _unavailable(error) from error
            except psycopg.OperationalError as error:
                lost = error
                await self._put_away(conn)
                if error.sqlstate == _POOLER_ALONE:
                    break
            except BaseException:
                await self._put_away(conn)
                raise
            else:
                return conn
        raise _unavailable(lost) from lost

    async def _put_away(self, conn: Connection) -> None:
        """Give a connection back that is not to be used again."""
        await conn.close()
        await self._put_back(conn)


@lru_cache(maxsize=1024)
def _opening(role: Role, user_id: UserId | None) -> sql.Composed:
    """One round trip that begins the transaction, takes the role and names the user.

    SET LOCAL only: a plain SET would leak to the next user of a pooled connection.
    """
    uid = str(uuid.UUID(user_id)) if user_id else ""
    return sql.SQL("BEGIN; SET LOCAL ROLE {}; SET LOCAL app.uid = {}").format(
        sql.Identifier(role), sql.Literal(uid)
    )


async def _commit(conn: Connection) -> None:
    done = await conn.execute("COMMIT")
    if done.statusmessage != "COMMIT":
        # PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement failed.
        msg = "a statement failed and its error was swallowed: nothing was committed"
        raise RuntimeError(msg)


async def _rollback(conn: Connection) -> None:
    if conn.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        with suppress(psycopg.Error):
            await conn.execute("ROLLBACK")


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        "The database does not answer at the moment.",
        hint="Try again in a few seconds.",
        debug=f"{type(error).__name__}: {error}",
    )
