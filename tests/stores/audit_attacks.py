"""Attacks on the audit log at any number: few in the tests, all in `make soak`.

Each raises AssertionError with the first thing that was not found or was lost.
"""

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from tests.stores.databases import Fresh
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import SystemClock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys

Told = Callable[[str], None]
Row = dict[str, Any]

_LOGS, _EVENTS_EACH = 8, 40
_LONGEST_LIFE_SECONDS = 0.5


class Place(NamedTuple):
    """Where an event stands; places compare as `verify` reads them."""

    shard: int
    n: int


async def opened(database: Database, folder: Path) -> AuditLog:
    """Return a log as a process of its own would have it."""
    keys = PurposeKeys(database=database, provider=FileKeyProvider(folder / "key"))
    file = folder / "audit-checkpoints.jsonl"
    log = AuditLog(database=database, keys=keys, clock=SystemClock(), checkpoint_file=file)
    await log.start(write_checkpoints=False)
    return log


async def fill(database: Database, folder: Path) -> AuditLog:
    """Write some hundred events to several chains, with a checkpoint halfway and one at the end."""
    logs = [await opened(database, folder) for _ in range(_LOGS)]
    for half in range(2):
        for log in logs:
            for number in range(_EVENTS_EACH // 4):
                await log.append(Event.CALL_FINISHED, tool="jira_get_issue", bytes=number)
                async with database.transaction(Role.GATE) as conn:
                    await log.record(conn, Event.TOKEN_REFRESHED, generation=number + half)
        assert await logs[0].checkpoint()
    return logs[0]


class Tampering:
    """Somebody who owns the database changes the log, and puts it back each time."""

    def __init__(self, fresh: Fresh, log: AuditLog, seed: int) -> None:
        self._log = log
        self._dice = random.Random(seed)  # noqa: S311 - to repeat a run
        self._conn = psycopg.connect(fresh.owner, autocommit=True, row_factory=dict_row)
        self._conn.execute("SET session_replication_role = replica")
        self._conn.execute("CREATE TABLE kept AS TABLE audit_events")
        self._conn.execute("CREATE TABLE kept_checkpoints AS TABLE audit_checkpoints")
        self._rows = self._conn.execute("TABLE kept").fetchall()
        self._ends: dict[int, int] = {}
        for row in self._rows:
            self._ends[row["shard"]] = max(row["n"], self._ends.get(row["shard"], 0))

    async def change(self) -> None:
        """Edit, delete or reorder at random; the first event that was touched has to be named."""
        attack = self._dice.choice([self._edit, self._delete, self._close_up, self._swap])
        await self._judge(attack())

    async def cut(self) -> None:
        """Cut the tail of a chain, half the time with the checkpoints in the database."""
        shard = self._dice.choice(list(self._ends))
        first = Place(shard, self._dice.randint(1, self._ends[shard]))
        self._conn.execute("DELETE FROM audit_events WHERE shard = %s AND n >= %s", first)
        if self._dice.random() < 0.5:
            self._conn.execute("DELETE FROM audit_checkpoints")
        await self._judge(first)

    def close(self) -> None:
        self._conn.close()

    async def _judge(self, first: Place) -> None:
        verdict = await self._log.verify()
        assert not verdict.sound, f"not found: {first}"
        assert (verdict.shard, verdict.n) == first, f"{first} was told as {verdict}"
        for table, kept in (
            ("audit_events", "kept"),
            ("audit_checkpoints", "kept_checkpoints"),
        ):
            names = (psycopg.sql.Identifier(table), psycopg.sql.Identifier(kept))
            self._conn.execute(
                psycopg.sql.SQL(
                    "DELETE FROM {0}; INSERT INTO {0} OVERRIDING SYSTEM VALUE TABLE {1}"
                ).format(*names)
            )

    def _edit(self) -> Place:
        row = self._dice.choice(self._rows)
        change = self._dice.choice(
            [
                """facts = facts || '{"outcome": "forged"}'""",
                "facts = '{}'",
                "at = at + interval '1 us'",
                "user_id = gen_random_uuid()",
                "event = 'account:session:ended'",
                "mac = set_byte(mac, 5, get_byte(mac, 5) # 1)",
            ]
        )
        self._conn.execute(
            psycopg.sql.SQL("UPDATE audit_events SET {} WHERE shard = %s AND n = %s").format(
                psycopg.sql.SQL(change)
            ),
            (row["shard"], row["n"]),
        )
        return Place(row["shard"], row["n"])

    def _delete(self) -> Place:
        row = self._dice.choice(self._rows)
        last = row["n"] + self._dice.choice([0, 0, 1, 5])
        self._conn.execute(
            "DELETE FROM audit_events WHERE shard = %s AND n BETWEEN %s AND %s",
            (row["shard"], row["n"], last),
        )
        return Place(row["shard"], row["n"])

    def _close_up(self) -> Place:
        """Delete an event and give those after it the numbers that close the gap."""
        row = self._dice.choice(self._rows)
        place = Place(row["shard"], row["n"])
        self._conn.execute("DELETE FROM audit_events WHERE shard = %s AND n = %s", place)
        for n in range(row["n"] + 1, self._ends[row["shard"]] + 1):
            self._conn.execute(
                "UPDATE audit_events SET n = n - 1 WHERE shard = %s AND n = %s", (row["shard"], n)
            )
        return place

    def _swap(self) -> Place:
        """Give two events, of one chain or of two, each other's place."""
        one, other = self._dice.sample(self._rows, 2)
        places = [Place(row["shard"], row["n"]) for row in (one, other)]
        aside = Place(-1, 1)
        for source, target in ((places[0], aside), (places[1], places[0]), (aside, places[1])):
            self._conn.execute(
                "UPDATE audit_events SET shard = %s, n = %s WHERE shard = %s AND n = %s",
                (*target, *source),
            )
        return min(places)


async def tampered(
    fresh: Fresh, database: Database, folder: Path, *, changes: int, cuts: int, told: Told
) -> str:
    """Change the log at random and cut its tails; each has to be found and named."""
    log = await fill(database, folder)
    attacker = Tampering(fresh, log, seed := random.randrange(1_000_000))  # noqa: S311 - told, to repeat it
    told(f"  seed {seed}")
    try:
        for done in range(1, changes + 1):
            await attacker.change()
            if done % 100 == 0:
                told(f"  {done} of {changes} changes found")
        for _ in range(cuts):
            await attacker.cut()
    finally:
        attacker.close()
    verdict = await log.verify()
    assert verdict.sound, verdict
    return f"{changes} changes and {cuts} cut tails of {verdict.events} events found and named"


class Writer:
    """A process that writes until it is killed; it is started again under another name."""

    def __init__(self, fresh: Fresh, folder: Path) -> None:
        self._fresh = fresh
        self._folder = folder
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self.confirmed: set[tuple[str, int]] = set()

    async def start(self) -> None:
        name = new_id()
        self._heard.clear()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stores.audit_writer"),
            *(self._fresh.login, str(self._folder), name),
            stdout=PIPE,
        )
        self._listening = asyncio.create_task(self._listen(self._process, name))

    async def kill(self) -> None:
        """Kill it in the midst of writing."""
        assert self._process is not None
        assert self._listening is not None
        await self._heard.wait()
        await asyncio.sleep(random.uniform(0, _LONGEST_LIFE_SECONDS))  # noqa: S311 - a moment
        self._process.kill()
        await self._process.wait()
        await self._listening

    async def _listen(self, process: Process, name: str) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if line.endswith(b"\n"):
                self.confirmed.add((name, int(line)))
                self._heard.set()


async def killed_writers(
    fresh: Fresh, database: Database, folder: Path, *, writers: int, kills: int, told: Told
) -> str:
    """Kill writers at random moments: no gap, no fork, and nothing lost that was confirmed."""
    log = await opened(database, folder)
    processes = [Writer(fresh, folder) for _ in range(writers)]
    for one in processes:
        await one.start()
    for done in range(1, kills + 1):
        victim = random.choice(processes)  # noqa: S311 - any of them
        await victim.kill()
        await victim.start()
        if done % 10 == 0:
            told(f"  {done} of {kills} kills")
    for one in processes:
        await one.kill()
    confirmed = set[tuple[str, int]]().union(*(one.confirmed for one in processes))
    written = [
        (row["facts"]["tool"], row["facts"]["bytes"], row["shard"], row["n"])
        async for row in log.export()
    ]
    verdict = await log.verify()
    assert verdict.sound, verdict
    stored = {(name, number) for name, number, _, _ in written}
    assert len(stored) == len(written), "an event was written twice"
    assert confirmed <= stored, f"{len(confirmed - stored)} confirmed events are missing"
    ends: dict[int, int] = {}
    for _, _, shard, n in written:
        assert n == ends.get(shard, 0) + 1, f"a gap before {n} of chain {shard}"
        ends[shard] = n
    return (
        f"{writers} writers, {kills} kills: {len(written)} events in {len(ends)} chains without a gap,"
        f" all {len(confirmed)} confirmed ones among them"
    )
