"""The audit log is changed at random, and its writers are killed; row 21 of the threat list.

What is tried and what must hold stands in `tests/stores/audit_attacks.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.progress import say
from bench.soak.product import judged
from tests.stores import audit_attacks
from tests.stores.databases import Fresh
from tests.support.folders import reachable
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.place import LOGIN

_CHANGES, _CUTS = 1_000, 50
_WRITERS, _KILLS = 8, 100


async def tampering() -> str:
    """Row 21: 1,000 edits, deletions and reorderings, 50 cut tails."""
    async with a_log() as (fresh, database, folder):
        return await judged(
            audit_attacks.tampered(fresh, database, folder, changes=_CHANGES, cuts=_CUTS, told=say)
        )


async def killed_writers() -> str:
    """Row 21: 8 writers, killed 100 times."""
    async with a_log() as (fresh, database, folder):
        return await judged(
            audit_attacks.killed_writers(
                fresh, database, folder, writers=_WRITERS, kills=_KILLS, told=say
            )
        )


@asynccontextmanager
async def a_log() -> AsyncIterator[tuple[Fresh, Database, Path]]:
    """Yield a migrated database of its own, a pool on it, and a folder beside it."""
    folder = reachable()
    postgres = EmbeddedPostgres(folder / "data")
    dsns = await postgres.start()
    try:
        await asyncio.to_thread(migrate, dsns.owner, login=LOGIN)
        database = Database(dsn=dsns.login, direct_dsn=dsns.login)
        await database.open()
        try:
            yield Fresh(login=dsns.login, owner=dsns.owner), database, folder
        finally:
            await database.close()
    finally:
        await postgres.stop()
