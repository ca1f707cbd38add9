"""A data folder with a migrated database, made once and copied for each Xerus that starts afresh.

Nothing here outlives the run: no copy waits for the disk. Making a database from nothing is shown by
the tests of the embedded server, of `xerus demo` and of `xerus migrate`; that a copy of a stopped
folder is a server of its own, by the first of them.
"""

import asyncio
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import psycopg

from tests.support.folders import reachable
from xerus.db.embedded import EmbeddedPostgres
from xerus.db.migrate import migrate
from xerus.db.place import LOGIN

_one_at_a_time = threading.Lock()


def prepare(data: Path) -> None:
    """Put a migrated database into a data folder, unless it has one."""
    if (data / "postgres.json").exists():
        return
    with _one_at_a_time:
        source = _made()
    data.mkdir(exist_ok=True)
    data.chmod(0o711)
    subprocess.run(
        ["cp", "-a", source / "postgres.json", source / "postgres", data],
        check=True,
    )


@cache
def _made() -> Path:
    data = reachable() / "data"
    with ThreadPoolExecutor(1) as apart:  # who asks may have a loop of its own running
        apart.submit(asyncio.run, _make(data)).result()
    return data


async def _make(data: Path) -> None:
    postgres = EmbeddedPostgres(data)
    dsns = await postgres.start()
    with psycopg.connect(dsns.owner, autocommit=True) as conn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            conn.execute(f"ALTER SYSTEM SET {setting} = off".encode())
    migrate(dsns.owner, login=LOGIN)
    await postgres.stop()
