"""Sealed values that are tampered with, and keys that are rotated under load by a job that is killed."""

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psycopg
from psycopg import sql

from bench.progress import say
from bench.soak.aftermath import sound_audit, still_authorized
from bench.soak.pressure import Pressure, StageFailed
from bench.soak.product import Told, judged
from bench.world import World, world
from tests.stores.databases import Fresh
from tests.stores.tampering import tampered
from tests.support.database import embedded, server
from tests.support.journeys import ADA, ALAN, GRACE
from tests.support.sealed_rows import people
from xerus.app.resealing import lasting
from xerus.db.database import Database
from xerus.db.migrate import migrate
from xerus.keys.file import FileKeyProvider
from xerus.vault.service import Vault

_SWAPS, _FLIPS = 1_000, 10_000
_KILLS = 20
_STRANGERS = 2_000
_MOST_SECONDS = 420.0
_LONGEST_LIFE_SECONDS = 12.0
_LEAST_PER_SECOND = 50.0


async def tampering() -> str:
    """Row 19: rows that are swapped, bits that are flipped."""
    with tempfile.TemporaryDirectory(prefix="xk-") as folder:
        async with server() as running:
            login = running.database("tampered", "xerus_soak")
            owner = running.as_administrator("tampered")
            await asyncio.to_thread(migrate, owner, login="xerus_soak")
            fresh = Fresh(login=login, owner=owner)
            attack = tampered(fresh, Path(folder) / "key", swaps=_SWAPS, flips=_FLIPS, told=Told())
            return await judged(attack)


async def rotation(kills: int = _KILLS, strangers: int = _STRANGERS) -> str:
    """Row 20: keys are rotated under load, and the job is killed at random."""
    async with world() as here:
        # Short lives: what is being sealed anew is being renewed all the time.
        await here.sandbox.atlassian.configure(access_token_seconds=5)
        known = [await here.person(account) for account in (ADA, GRACE, ALAN)]
        issuer = here.xerus.env["ENTRA_ID_EXPECTED_ISSUER"]
        watch = _Watch(embedded(here.data).administrator, issuer)
        await _fill(here, strangers)
        watch.refresh()
        begun = monotonic()
        async with Pressure(known, callers=2) as pressure:
            await _killed(here, watch, pressure, kills)
            status, said = await here.command("keys", "rotate")
            if status:
                raise StageFailed(f"the rotation that nobody killed failed: {said}")
            seconds = monotonic() - begun
        pressure.judge()
        _judge(pressure, watch, seconds, least=_LEAST_PER_SECOND if kills == _KILLS else 0)
        await still_authorized(known)
        events = await sound_audit(here)
        return (
            f"{kills} jobs killed half-way, {watch.keys()} data keys, {watch.values} values, "
            f"0 on an old key; {pressure.sofar} at {pressure.answered / seconds:.0f}/s; {events}"
        )


def _judge(pressure: Pressure, watch: "_Watch", seconds: float, *, least: float) -> None:
    if pressure.put_off:
        raise StageFailed(f"calls failed: {pressure.sofar}")
    if left := watch.left():
        raise StageFailed(f"{left} values are still sealed with an old key")
    if pressure.answered / seconds < least:
        raise StageFailed(f"the load was only {pressure.answered / seconds:.0f} calls a second")


async def _killed(here: World, watch: "_Watch", pressure: Pressure, kills: int) -> None:
    """Kill rotations until so many had begun and were not through."""
    done, tries, begun = 0, 0, monotonic()
    while done < kills:
        if monotonic() - begun > _MOST_SECONDS:
            raise StageFailed(f"only {done} of {kills} jobs could be killed half-way in the time")
        tries += 1
        async with _job(here) as job:
            await _half_way(watch, job)
            if job.returncode is None:
                job.kill()
                await job.wait()
        done += watch.unfinished()
        if tries % 5 == 0:
            say(f"  {done} of {kills} jobs killed half-way, {pressure.sofar}")


async def _half_way(watch: "_Watch", job: asyncio.subprocess.Process) -> None:
    """Wait for a moment at which the job has sealed something, or has ended."""
    before, until = watch.left(), monotonic() + _LONGEST_LIFE_SECONDS
    while job.returncode is None and monotonic() < until:
        await asyncio.sleep(0.05)
        left = await asyncio.to_thread(watch.left)
        if left != before and left:
            await asyncio.sleep(random.uniform(0, 0.3))  # noqa: S311 - a moment, no secret
            return


@asynccontextmanager
async def _job(here: World) -> AsyncIterator[asyncio.subprocess.Process]:
    job = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "xerus", "keys", "rotate"),
        env={**here.xerus.env, "XERUS_DATA_DIR": str(here.data)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield job
    finally:
        if job.returncode is None:
            job.kill()
            await job.wait()


async def _fill(here: World, strangers: int) -> None:
    reach = embedded(here.data)
    database = Database(dsn=reach.login, direct_dsn=reach.login)
    await database.open()
    try:
        vault = Vault(database=database, provider=FileKeyProvider(here.data / "key"))
        await vault.start()
        with psycopg.connect(reach.administrator) as owner:
            await people(owner, vault, strangers, here.xerus.env["ENTRA_ID_EXPECTED_ISSUER"])
    finally:
        await database.close()


@dataclass
class _Watch:
    """Looks into the database at which keys are in use."""

    administrator: str
    issuer: str
    values: int = field(default=0, init=False)

    def refresh(self) -> None:
        self.values = self._count(sql.SQL("{} IS NOT NULL"))

    def keys(self) -> int:
        return self._one(sql.SQL("SELECT count(*) FROM data_keys"))

    def unfinished(self) -> bool:
        """Whether a rotation has begun and is not through."""
        return bool(
            self._one(
                sql.SQL(
                    "SELECT count(*) FROM data_keys WHERE state = 'active' AND finished_at IS NULL"
                )
            )
        )

    def left(self) -> int:
        """Return how many values a key that is not active has sealed."""
        return self._count(
            sql.SQL(
                "substring({} FROM 2 FOR 16) <>"
                " (SELECT uuid_send(id) FROM data_keys WHERE state = 'active')"
            )
        )

    def _count(self, condition: sql.SQL) -> int:
        places = {(column.table, column.column) for column in lasting(self.issuer)}
        return self._one(
            sql.SQL("SELECT sum(n)::bigint FROM ({}) AS each(n)").format(
                sql.SQL(" UNION ALL ").join(
                    sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
                        sql.Identifier(table), condition.format(sql.Identifier(column))
                    )
                    for table, column in sorted(places)
                )
            )
        )

    def _one(self, query: sql.SQL | sql.Composed) -> int:
        with psycopg.connect(self.administrator) as conn:
            row = conn.execute(query).fetchone()
        assert row is not None
        return int(row[0])
