"""Old events leave the audit log, and it still proves what is left."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.stores.databases import Fresh
from tests.stores.test_audit import ADA, one_chain, tamper
from xerus.audit import checkpoints
from xerus.audit.checkpoints import Checkpoint
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys


class SetClock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC) - timedelta(days=100)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def log(database: Database, tmp_path: Path, clock: SetClock) -> AuditLog:
    made = AuditLog(
        database=database,
        keys=PurposeKeys(database=database, provider=FileKeyProvider(tmp_path / "key")),
        clock=clock,
        checkpoint_file=tmp_path / "audit-checkpoints.jsonl",
    )
    await made.start(write_checkpoints=False)
    return made


@pytest.fixture
async def shard(log: AuditLog, database: Database, clock: SetClock) -> int:
    """A chain of 30 old events and 10 young ones, each part with a checkpoint."""
    await one_chain(log, database, 30)
    await log.checkpoint()
    clock.time += timedelta(days=100)
    shard = await one_chain(log, database, 10)
    await log.checkpoint()
    return shard


async def numbers(log: AuditLog, shard: int) -> list[int]:
    return [row["n"] async for row in log.export() if row["shard"] == shard]


def month(clock: SetClock) -> datetime:
    return clock.now() - timedelta(days=30)


async def test_what_is_older_is_removed_and_the_log_is_sound_and_says_so(
    log: AuditLog, shard: int, clock: SetClock
) -> None:
    assert await log.remove_before(month(clock)) == 30

    verdict = await log.verify()
    assert (verdict.sound, verdict.reason) == (True, "")
    assert min(await numbers(log, shard)) == 31
    (told,) = [row async for row in log.export() if row["event"] == Event.LOG_REMOVED]
    assert told["facts"] == {"events": 30, "to": month(clock).isoformat()}
    assert await log.remove_before(month(clock)) == 0


async def test_the_log_grows_on_after_a_removal_and_again_after_the_next(
    log: AuditLog, database: Database, shard: int, clock: SetClock
) -> None:
    await log.remove_before(month(clock))
    clock.time -= timedelta(days=60)  # old from the start, so that the next removal takes them
    await asyncio.gather(*(log.append(Event.CALL_STARTED, user_id=ADA) for _ in range(40)))
    clock.time += timedelta(days=60)
    await log.append(Event.CALL_STARTED, user_id=ADA)
    await log.checkpoint()

    await log.remove_before(month(clock))

    assert (await log.verify()).sound
    await one_chain(log, database, 5)
    await log.checkpoint()
    assert (await log.verify()).sound


async def test_the_newest_event_of_a_chain_stays_so_that_the_next_one_follows_it(
    log: AuditLog, database: Database, clock: SetClock
) -> None:
    shard = await one_chain(log, database, 3)
    clock.time += timedelta(days=100)

    assert await log.remove_before(month(clock)) == 2

    assert min(await numbers(log, shard)) == 3
    assert (await log.verify()).sound


async def test_a_long_past_is_removed_in_parts(
    log: AuditLog, database: Database, clock: SetClock
) -> None:
    await one_chain(log, database, 2_100)
    clock.time += timedelta(days=100)

    removed = [await log.remove_before(month(clock)) for _ in range(4)]

    # The event that tells of the second part may stand in the same chain, and then frees one more.
    assert removed[0] == 2_000
    assert sum(removed[1:]) in {99, 100}
    assert removed[3] == 0
    assert (await log.verify()).sound


@pytest.mark.parametrize(
    ("removed", "first_bad"),
    [((0, 34), 31), ((33, 33), 33), ((36, 99), 36), ((0, 99), 31)],
)
async def test_more_than_the_base_stands_for_is_missed(
    log: AuditLog,
    fresh: Fresh,
    shard: int,
    clock: SetClock,
    removed: tuple[int, int],
    first_bad: int,
) -> None:
    await log.remove_before(month(clock))
    await log.checkpoint()

    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute(
            "DELETE FROM audit_events WHERE shard = %s AND n BETWEEN %s AND %s", (shard, *removed)
        )

    verdict = await log.verify()
    assert (verdict.sound, verdict.shard, verdict.n) == (False, shard, first_bad)


async def test_a_base_made_without_the_key_stands_for_nothing(
    log: AuditLog, fresh: Fresh, shard: int
) -> None:
    tamper(
        fresh,
        "INSERT INTO audit_checkpoints (at, events, heads, signature, base)"
        " SELECT now(), 5, jsonb_build_array(jsonb_build_array(shard, 5, encode(mac, 'hex'))),"
        " '\\x00', true FROM audit_events WHERE n = 5",
        "DELETE FROM audit_events WHERE n <= 5",
    )
    verdict = await log.verify()
    assert (verdict.sound, verdict.shard, verdict.n) == (False, shard, 1)


async def test_events_that_were_tampered_with_are_not_made_good_by_their_removal(
    log: AuditLog, fresh: Fresh, shard: int, clock: SetClock
) -> None:
    tamper(fresh, 'UPDATE audit_events SET facts = \'{"tool": "x"}\' WHERE n = 7')

    assert await log.remove_before(month(clock)) == 0

    assert (await log.verify()).n == 7
    assert min(await numbers(log, shard)) == 1


async def test_the_file_alone_knows_the_base_and_keeps_no_checkpoint_that_it_covers(
    log: AuditLog, fresh: Fresh, shard: int, clock: SetClock, tmp_path: Path
) -> None:
    file = tmp_path / "audit-checkpoints.jsonl"
    before = list(checkpoints.read_lines(file))
    await log.remove_before(month(clock))
    await log.checkpoint()
    tamper(fresh, "DELETE FROM audit_checkpoints")

    kept = list(checkpoints.read_lines(file))

    assert before[0] not in kept
    assert before[1] in kept
    assert [one.base for one in kept if one] == [False, True, False]
    assert (await log.verify()).sound


async def test_a_removal_that_was_cut_off_after_the_file_leaves_a_sound_log(
    log: AuditLog, shard: int, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = checkpoints.append_base

    def cut(path: Path, base: Checkpoint) -> None:
        written(path, base)
        raise LookupError

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "append_base", cut)
        with pytest.raises(LookupError):
            await log.remove_before(month(clock))

    assert min(await numbers(log, shard)) == 1
    assert (await log.verify()).sound
    assert await log.remove_before(month(clock)) == 30
    assert (await log.verify()).sound


async def test_the_database_itself_removes_nothing_young_and_no_end_of_a_chain(
    log: AuditLog, database: Database, shard: int, clock: SetClock
) -> None:
    for upto in (31, 40, 99):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="old"):
            async with database.transaction(Role.WORKER) as conn:
                await conn.execute("SELECT audit_remove(%s::smallint, %s)", (shard, upto))
    for role in (Role.APP, Role.GATE):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction(role) as conn:
                await conn.execute("SELECT audit_remove(%s::smallint, 1)", (shard,))
