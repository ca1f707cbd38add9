"""The use of tools is what the audit log says, counted once, and bounded to answer."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stores.connecting import MovableClock
from tests.stores.test_audit import open_log
from xerus.accounts import store as accounts
from xerus.accounts.users import Identity
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.audit.use import UNKNOWN, By, Only, ToolUse
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId, new_id

KNOWN = {"jira_search", "jira_get_issue"}
KEPT = timedelta(days=90)


@pytest.fixture
async def log(database: Database, tmp_path: Path) -> AuditLog:
    return await open_log(database, tmp_path)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def use(database: Database, clock: MovableClock) -> ToolUse:
    return ToolUse(db=database, clock=clock)


async def person(database: Database, name: str, clock: MovableClock) -> UserId:
    identity = Identity(tenant="t", subject=name, email=f"{name}@example.com", name=name.title())
    async with database.transaction(Role.GATE) as conn:
        return await accounts.ensure_user(conn, identity, now=clock.now())


async def called(log: AuditLog, user_id: UserId, tool: str, *, times: int, outcome: str) -> None:
    facts: dict[str, Fact] = {
        "tool": tool,
        "client": "desk",
        "client_name": "Desk",
        "latency_ms": 200,
    }
    waits = [
        log.enqueue(Event.CALL_FINISHED, user_id=user_id, outcome=outcome, **facts)
        for _ in range(times)
    ]
    await asyncio.gather(*waits)


def all_of(clock: MovableClock) -> Only:
    return Only(since=clock.now().date() - timedelta(days=29))


async def test_calls_are_added_up_by_tool_person_client_and_day(
    log: AuditLog, use: ToolUse, database: Database, clock: MovableClock
) -> None:
    ada, grace = [await person(database, name, clock) for name in ("ada", "grace")]
    await called(log, ada, "jira_search", times=3, outcome="ok")
    await called(log, ada, "jira_search", times=2, outcome="not_found")
    await called(log, grace, "jira_get_issue", times=1, outcome="ok")
    await log.append(
        Event.CALL_REFUSED, user_id=grace, tool="made up", client="odd", cause="not_found"
    )
    await log.append(Event.SESSION_CREATED, user_id=grace)
    await use.count(KNOWN, keep=KEPT)
    await use.count(KNOWN, keep=KEPT)

    only = all_of(clock)
    tools = {row.key: (row.calls, row.failed, row.mean_ms) for row in await use.by(By.TOOL, only)}
    assert tools == {
        "jira_search": (5, 2, 200),
        "jira_get_issue": (1, 0, 200),
        UNKNOWN: (1, 1, 0),
    }
    people = [(row.name, row.calls) for row in await use.by(By.PERSON, only)]
    assert people == [("Ada · ada@example.com", 5), ("Grace · grace@example.com", 2)]
    clients = {row.key: row.name for row in await use.by(By.CLIENT, only)}
    assert clients == {"desk": "Desk", "odd": ""}
    narrowed = Only(since=only.since, person=grace, client="desk")
    assert [row.key for row in await use.by(By.TOOL, narrowed)] == ["jira_get_issue"]
    days = await use.days(only)
    assert (len(days), days[0].calls, days[0].failed) == (30, 7, 3)


async def test_each_call_is_counted_once_by_many_processes_that_count_at_once(
    log: AuditLog, use: ToolUse, database: Database, clock: MovableClock
) -> None:
    ada = await person(database, "ada", clock)
    for _ in range(5):
        await called(log, ada, "jira_search", times=400, outcome="ok")
        await asyncio.gather(*(use.count(KNOWN, keep=KEPT) for _ in range(4)))
    while await use.count(KNOWN, keep=KEPT):
        pass
    (row,) = await use.by(By.TOOL, all_of(clock))
    assert row.calls == 2_000


async def test_people_who_are_gone_and_old_days_are_not_kept(
    log: AuditLog, use: ToolUse, database: Database, clock: MovableClock
) -> None:
    ada, grace = [await person(database, name, clock) for name in ("ada", "grace")]
    await called(log, ada, "jira_search", times=1, outcome="ok")
    await called(log, grace, "jira_search", times=1, outcome="ok")
    await called(log, UserId(new_id()), "jira_search", times=1, outcome="ok")
    await use.count(KNOWN, keep=KEPT)
    async with database.transaction(Role.GATE) as conn:
        await conn.execute("DELETE FROM users WHERE id = %s", (grace,))
    only = all_of(clock)
    assert [row.calls for row in await use.by(By.PERSON, only)] == [1]

    clock.ahead = KEPT + timedelta(days=1)
    await use.count(KNOWN, keep=KEPT)
    assert await use.by(By.PERSON, only) == []
