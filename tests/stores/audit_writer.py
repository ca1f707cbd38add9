"""A process that writes to the audit log until it is killed, and prints what it was promised.

    python -m tests.stores.audit_writer LOGIN_DSN FOLDER NAME

Each line on standard output is the number of an event whose writing was confirmed.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import SystemClock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys

_AT_ONCE = 4


async def _write(login: str, folder: Path, name: str) -> None:
    database = Database(dsn=login, direct_dsn=login)
    await database.open()
    keys = PurposeKeys(database=database, provider=FileKeyProvider(folder / "key"))
    file = folder / "audit-checkpoints.jsonl"
    log = AuditLog(database=database, keys=keys, clock=SystemClock(), checkpoint_file=file)
    await log.start()
    numbers = count()
    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(_append(log, numbers, name))
        group.create_task(_record(log, database, numbers, name))


async def _append(log: AuditLog, numbers: "count[int]", name: str) -> None:
    for number in numbers:
        await log.append(Event.CALL_FINISHED, tool=name, bytes=number)
        _promised(number)


async def _record(log: AuditLog, database: Database, numbers: "count[int]", name: str) -> None:
    for number in numbers:
        async with database.transaction(Role.GATE) as conn:
            await log.record(conn, Event.CALL_FINISHED, tool=name, bytes=number)
        _promised(number)


def _promised(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
