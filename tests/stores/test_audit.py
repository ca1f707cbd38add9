import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.stores.databases import Fresh
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.clock import SystemClock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys

ADA, GRACE = UserId(new_id()), UserId(new_id())


async def open_log(database: Database, tmp_path: Path) -> AuditLog:
    keys = PurposeKeys(database=database, provider=FileKeyProvider(tmp_path / "key"))
    log = AuditLog(
        database=database,
        keys=keys,
        clock=SystemClock(),
        checkpoint_file=tmp_path / "audit-checkpoints.jsonl",
    )
    await log.start(write_checkpoints=False)
    return log


@pytest.fixture
async def log(database: Database, tmp_path: Path) -> AuditLog:
    return await open_log(database, tmp_path)


def tamper(fresh: Fresh, *statements: LiteralString) -> None:
    """Change the log as somebody who owns the whole database can."""
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET session_replication_role = replica")
        for statement in statements:
            conn.execute(statement)


async def one_chain(log: AuditLog, database: Database, events: int) -> int:
    """Write events that all stand in one chain, and return its shard."""
    async with database.transaction(Role.GATE) as conn:
        for number in range(events):
            await log.record(conn, Event.CALL_FINISHED, user_id=ADA, tool="t", bytes=number)
        row = await (await conn.execute("SELECT pg_backend_pid() % 8 AS shard")).fetchone()
    assert row is not None
    return int(row["shard"])


async def test_an_untouched_log_is_sound(log: AuditLog, database: Database) -> None:
    await one_chain(log, database, 20)
    await asyncio.gather(
        *(log.append(Event.CALL_STARTED, user_id=ADA, target=f"ENG-{n}") for n in range(50))
    )
    assert await log.checkpoint()

    verdict = await log.verify()

    assert (verdict.sound, verdict.events, verdict.checkpoints) == (True, 70, 2)


async def test_an_event_and_its_change_commit_together_or_not_at_all(
    log: AuditLog, database: Database
) -> None:
    async def roll_back() -> None:
        async with database.transaction(Role.APP, user_id=ADA) as conn:
            await log.record(conn, Event.ACCOUNT_CONNECTED, user_id=ADA, account="a@example.com")
            raise LookupError

    with pytest.raises(LookupError):
        await roll_back()
    async with database.transaction(Role.APP, user_id=ADA) as conn:
        await log.record(conn, Event.SITE_CHOSEN, user_id=ADA, site="acme")

    assert [row.event for row in await log.recent(ADA)] == ["connection:site:chosen"]
    assert (await log.verify()).events == 1


async def test_every_role_records_and_the_app_only_for_its_own_user(
    log: AuditLog, database: Database
) -> None:
    for role in Role:
        async with database.transaction(role, user_id=ADA) as conn:
            await log.record(conn, Event.SESSION_ENDED, user_id=ADA, cause="signed_out")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(Role.APP, user_id=ADA) as conn:
            await log.record(conn, Event.SESSION_ENDED, user_id=GRACE)


async def test_people_read_their_own_events_the_newest_first(log: AuditLog) -> None:
    for number in range(5):
        await log.append(Event.CALL_STARTED, user_id=ADA, target=f"ENG-{number}")
    await log.append(Event.CALL_STARTED, user_id=GRACE, target="secret of grace")

    page = await log.recent(ADA, limit=2)
    rest = await log.recent(ADA, limit=50, before=page[-1].at)

    targets = [row.facts["target"] for row in (*page, *rest)]
    assert targets == ["ENG-4", "ENG-3", "ENG-2", "ENG-1", "ENG-0"]


async def test_events_can_be_asked_for_from_an_instant_on(log: AuditLog) -> None:
    for number in range(3):
        await log.append(Event.CALL_STARTED, user_id=ADA, target=f"ENG-{number}")
    middle = (await log.recent(ADA))[1]

    later = await log.recent(ADA, since=middle.at)

    assert [row.facts["target"] for row in later] == ["ENG-2", "ENG-1"]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (role, statement)
        for role in Role
        for statement in (
            "UPDATE audit_events SET event = 'x'",
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "DELETE FROM audit_checkpoints",
            "UPDATE audit_checkpoints SET at = now()",
        )
    ],
)
async def test_no_role_changes_or_removes_anything(
    log: AuditLog, database: Database, role: Role, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(role) as conn:
            await conn.execute(statement)


async def test_even_the_owner_is_stopped_by_the_triggers(log: AuditLog, fresh: Fresh) -> None:
    statements: tuple[LiteralString, ...] = (
        "UPDATE audit_events SET event = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "TRUNCATE audit_checkpoints",
    )
    for statement in statements:
        with (
            psycopg.connect(fresh.owner) as conn,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"),
        ):
            conn.execute(statement)


@pytest.mark.parametrize(
    ("statements", "first_bad", "reason"),
    [
        (("UPDATE audit_events SET facts = '{\"tool\": \"x\"}' WHERE n = 7",), 7, "changed"),
        (("UPDATE audit_events SET at = at + interval '1 us' WHERE n = 3",), 3, "changed"),
        (("UPDATE audit_events SET user_id = NULL WHERE n = 1",), 1, "changed"),
        (("UPDATE audit_events SET event = 'tool:call:started' WHERE n = 20",), 20, "changed"),
        (("UPDATE audit_events SET mac = set_byte(mac, 0, get_byte(mac, 0) # 1) WHERE n = 4",),
         4, "changed"),
        (("DELETE FROM audit_events WHERE n = 5",), 5, "missing"),
        (("DELETE FROM audit_events WHERE n < 4",), 1, "missing"),
        (
            (
                "UPDATE audit_events SET n = 100 WHERE n = 8",
                "UPDATE audit_events SET n = 8 WHERE n = 9",
                "UPDATE audit_events SET n = 9 WHERE n = 100",
            ),
            8,
            "moved",
        ),
        (
            (
                "DELETE FROM audit_events WHERE n = 5",
                "UPDATE audit_events SET n = n - 1 WHERE n > 5",
            ),
            5,
            "changed",
        ),
        (("DELETE FROM audit_events WHERE n > 15",), 16, "missing at the end"),
        (("DELETE FROM audit_events",), 1, "missing at the end"),
        (
            (
                """INSERT INTO audit_events SELECT shard, 21, at, event, user_id, facts, mac
                   FROM audit_events WHERE n = 20""",
            ),
            21,
            "without the key",
        ),
        (("UPDATE audit_events SET shard = 15 WHERE n < 21",), 1, "changed"),
    ],
)  # fmt: skip
async def test_tampering_is_found_and_the_first_bad_event_is_named(
    log: AuditLog,
    database: Database,
    fresh: Fresh,
    statements: tuple[LiteralString, ...],
    first_bad: int,
    reason: str,
) -> None:
    await one_chain(log, database, 20)
    await log.checkpoint()

    tamper(fresh, *statements)

    verdict = await log.verify()
    assert not verdict.sound
    assert verdict.n == first_bad
    assert reason in verdict.reason


async def test_a_cut_end_is_found_even_when_the_checkpoints_in_the_database_are_gone(
    log: AuditLog, database: Database, fresh: Fresh
) -> None:
    shard = await one_chain(log, database, 20)
    await log.checkpoint()

    tamper(
        fresh,
        "DELETE FROM audit_events WHERE n > 10",
        "DELETE FROM audit_checkpoints",
    )

    verdict = await log.verify()
    assert (verdict.sound, verdict.shard, verdict.n) == (False, shard, 11)


async def test_a_forged_checkpoint_is_found(
    log: AuditLog, database: Database, fresh: Fresh, tmp_path: Path
) -> None:
    await one_chain(log, database, 3)
    await log.checkpoint()
    file = tmp_path / "audit-checkpoints.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    genuine = file.read_text()
    file.write_text(genuine.replace('"heads":[[', '"heads":[[0,9,"00"],['))
    assert "checkpoint was changed" in (await log.verify()).reason

    file.write_text("nonsense\n" + genuine)
    assert "checkpoint was changed" in (await log.verify()).reason

    file.write_text(genuine + '{"at": "202')
    assert (await log.verify()).sound


async def test_parallel_writers_leave_no_gap_and_no_fork(
    database: Database, tmp_path: Path
) -> None:
    several = [await open_log(database, tmp_path) for _ in range(4)]

    async def recorded(log: AuditLog) -> None:
        async with database.transaction(Role.GATE) as conn:
            await log.record(conn, Event.TOKEN_ISSUED, user_id=ADA, scopes="jira:read")
            await log.record(conn, Event.CODE_ISSUED, user_id=ADA)

    await asyncio.gather(
        *(recorded(log) for log in several for _ in range(20)),
        *(log.append(Event.CALL_STARTED, user_id=ADA) for log in several for _ in range(50)),
    )

    verdict = await several[0].verify()
    assert (verdict.sound, verdict.events) == (True, 4 * (40 + 50))


async def test_an_append_that_returned_is_in_the_database(log: AuditLog, fresh: Fresh) -> None:
    for number in range(1, 6):
        await log.append(Event.CALL_STARTED, user_id=ADA, tool="jira_search")
        with psycopg.connect(fresh.owner) as conn:
            assert conn.execute("SELECT count(*) FROM audit_events").fetchone() == (number,)


async def test_appends_that_come_together_share_a_transaction(log: AuditLog, fresh: Fresh) -> None:
    await asyncio.gather(*(log.append(Event.CALL_STARTED, user_id=ADA) for _ in range(100)))

    with psycopg.connect(fresh.owner) as conn:
        found = conn.execute("SELECT count(DISTINCT xmin::text) FROM audit_events").fetchone()
    assert found is not None
    assert found[0] <= 3


async def test_an_append_over_connections_that_were_cut_is_written_once(
    log: AuditLog, fresh: Fresh
) -> None:
    await log.append(Event.CALL_STARTED, user_id=ADA)
    for number in range(5):
        with psycopg.connect(fresh.owner, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'xerus' AND datname = current_database()"
            )
        await log.append(Event.CALL_FINISHED, user_id=ADA, bytes=number)
    events = [row["facts"].get("bytes") async for row in log.export()]
    assert events == [None, 0, 1, 2, 3, 4]
    assert (await log.verify()).sound


async def test_two_processes_on_one_chain_lose_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 0)
    one, other = await open_log(database, tmp_path), await open_log(database, tmp_path)
    for number in range(10):
        await (one if number % 2 else other).append(Event.CALL_FINISHED, user_id=ADA, bytes=number)
    assert [row["facts"]["bytes"] async for row in one.export()] == list(range(10))
    assert (await one.verify()).sound


async def test_an_append_without_a_database_is_an_error_and_not_a_silence(
    log: AuditLog, database: Database
) -> None:
    await database.close()

    with pytest.raises(Unavailable):
        await log.append(Event.CALL_STARTED, user_id=ADA)


async def test_a_restart_goes_on_with_the_same_chains(database: Database, tmp_path: Path) -> None:
    await one_chain(await open_log(database, tmp_path), database, 3)
    again = await open_log(database, tmp_path)
    await again.append(Event.LOG_EXPORTED, events=3)

    assert (await again.verify()).sound
    assert [row["event"] async for row in again.export()] == [
        *["tool:call:finished"] * 3,
        "audit:log:exported",
    ]


async def test_a_checkpoint_is_written_only_for_new_events(log: AuditLog) -> None:
    assert not await log.checkpoint()
    await log.append(Event.CALL_STARTED)
    assert await log.checkpoint()
    assert not await log.checkpoint()


async def test_stopping_writes_a_last_checkpoint(database: Database, tmp_path: Path) -> None:
    log = await open_log(database, tmp_path)
    await log.start()
    await log.append(Event.CALL_STARTED)

    await log.stop()

    assert (tmp_path / "audit-checkpoints.jsonl").read_text().count("\n") == 1


async def test_a_correlation_is_stable_short_and_keyed(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    name = log.correlate("secret")

    assert len(name) == 12
    assert (await open_log(database, tmp_path)).correlate("secret") == name
    assert log.correlate("other") != name


async def test_a_fact_comes_back_as_it_was_written_and_instants_are_utc(log: AuditLog) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await log.append(Event.CALL_FINISHED, user_id=ADA, status=200, outcome='ok "ünïcode" \\')

    [row] = await log.recent(ADA)

    assert row.facts == {"status": 200, "outcome": 'ok "ünïcode" \\'}
    assert before < row.at
