"""Administrators' searches of the audit log: what is found, in portions, and by which index."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.stores.databases import Fresh
from tests.stores.test_audit import open_log
from xerus.audit import search
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.audit.search import FAILED, SUCCEEDED, AuditSearch, Found, Wanted
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.ids import UserId, new_id

ADA, GRACE = UserId(new_id()), UserId(new_id())
_MANY = 30_000
_FILL = """
INSERT INTO audit_events (shard, n, at, event, user_id, facts, mac)
SELECT i %% 8, 1000000 + i, now() - i * interval '1 second',
       CASE WHEN i %% 5000 = 0 THEN 'account:session:created' ELSE 'tool:call:finished' END,
       ('00000000-0000-4000-8000-' || lpad((i %% 50)::text, 12, '0'))::uuid,
       jsonb_build_object('tool', 'tool_' || i %% 20, 'client', 'client_' || i %% 9,
                          'target', 'ENG-' || i %% 900, 'correlation_id', md5(i::text),
                          'outcome', CASE WHEN i %% 100 = 0 THEN 'error' ELSE 'ok' END), 'x'
  FROM generate_series(1, %s) AS i
"""


@pytest.fixture
async def log(database: Database, tmp_path: Path) -> AuditLog:
    return await open_log(database, tmp_path)


@pytest.fixture
def reader(database: Database) -> AuditSearch:
    return AuditSearch(db=database)


async def told(log: AuditLog) -> None:
    """Write one of each kind that the filters tell apart."""
    calls: list[tuple[UserId, Event, dict[str, Fact]]] = [
        (ADA, Event.CALL_STARTED, {"tool": "jira_search", "client": "desk", "target": "ENG-1"}),
        (ADA, Event.CALL_FINISHED, {"tool": "jira_search", "client": "desk", "outcome": "ok"}),
        (GRACE, Event.CALL_FINISHED, {"tool": "jira_search", "outcome": "not_found"}),
        (GRACE, Event.CALL_REFUSED, {"tool": "jira_edit", "correlation_id": "4f9c21ab07de"}),
        (GRACE, Event.SESSION_CREATED, {}),
        (ADA, Event.PERSON_DISABLED, {"person": GRACE}),
        (ADA, Event.PERSON_REMOVED, {"person": GRACE}),
    ]
    for user_id, event, facts in calls:
        await log.append(event, user_id=user_id, **facts)


def what(rows: list[Found]) -> list[str]:
    return [row.event.split(":", 1)[1] for row in rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(people=[]), []),
        (
            Wanted(people=[GRACE]),
            [
                *("person:removed", "person:disabled"),
                *("session:created", "call:refused", "call:finished"),
            ],
        ),
        (Wanted(people=[GRACE], outcome=FAILED), ["call:refused", "call:finished"]),
        (Wanted(outcome="not_found"), ["call:finished"]),
        (
            Wanted(outcome=SUCCEEDED),
            [
                *("person:removed", "person:disabled"),
                *("session:created", "call:finished", "call:started"),
            ],
        ),
        (Wanted(tool="jira_search", client="desk"), ["call:finished", "call:started"]),
        (Wanted(tool="jira_search", people=[GRACE]), ["call:finished"]),
        (
            Wanted(events=[Event.SESSION_CREATED, Event.CALL_REFUSED]),
            ["session:created", "call:refused"],
        ),
        (Wanted(events=[Event.CALL_STARTED]), ["call:started"]),
        (Wanted(reference="4f9c21ab07de"), ["call:refused"]),
        (Wanted(reference="ENG-1"), ["call:started"]),
        (Wanted(reference="ENG-1", tool="jira_edit"), []),
        (Wanted(reference="' OR true --\x00"), []),
        (Wanted(until=datetime(2020, 1, 1, tzinfo=UTC)), []),
    ],
)
async def test_each_filter_finds_what_fits_and_nothing_else(
    log: AuditLog, reader: AuditSearch, wanted: Wanted, found: list[str]
) -> None:
    await told(log)
    newest = await reader.portion(wanted, limit=50)
    oldest = await reader.portion(wanted, limit=50, newest_first=False)
    assert what([*newest.rows]) == found
    assert what([*oldest.rows]) == found[::-1]
    assert newest.after is None


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(), 60),
        (Wanted(tool="rare"), 6),
        (Wanted(events=[Event.CALL_FINISHED], outcome=SUCCEEDED, people=[ADA, GRACE]), 60),
        (Wanted(people=[ADA, GRACE], tool="rare"), 6),
        (Wanted(events=[Event.TOKEN_REFRESHED]), 0),
    ],
)
async def test_portions_that_read_little_have_every_event_once(
    log: AuditLog,
    reader: AuditSearch,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Wanted,
    count: int,
    newest_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(search, "_LOOKED_THROUGH", 7)
    for n in range(60):
        tool = "rare" if n % 10 == 0 else "common"
        await log.append(
            Event.CALL_FINISHED, user_id=ADA if n % 3 else GRACE, tool=tool, bytes=n, outcome="ok"
        )
    seen: list[Found] = []
    after = None
    for _ in range(100):
        portion = await reader.portion(wanted, after=after, limit=4, newest_first=newest_first)
        seen.extend(portion.rows)
        after = portion.after
        if after is None:
            break
    assert after is None
    assert len({row.place for row in seen}) == len(seen) == count
    assert [row.at for row in seen] == sorted((row.at for row in seen), reverse=newest_first)


async def test_an_export_has_what_was_there_when_it_began_and_no_more(
    log: AuditLog, reader: AuditSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_EXPORTED_AT_ONCE", 2)
    await told(log)
    rows: list[Found] = []
    async for some in reader.everything(Wanted(), until=datetime.now(UTC)):
        assert len(some) <= 2
        rows.extend(some)
        await log.append(Event.SESSION_ENDED, user_id=ADA)
    assert len(rows) == 7
    assert rows[0].event == "tool:call:started"


@pytest.fixture
def many(fresh: Fresh) -> Fresh:
    with psycopg.connect(fresh.owner) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute(_FILL, (_MANY,))
    with psycopg.connect(fresh.owner, autocommit=True) as conn:
        conn.execute("ANALYZE audit_events")
    return fresh


def asked() -> Iterator[tuple[str, Wanted, str]]:
    person = UserId("00000000-0000-4000-8000-000000000007")
    yield "everything", Wanted(), "at"
    yield "a time", Wanted(since=datetime.now(UTC) - timedelta(hours=1)), "at"
    yield "a person", Wanted(people=[person]), "user"
    yield "a person's failures", Wanted(people=[person], outcome=FAILED), "user"
    yield "a rare event", Wanted(events=[Event.SESSION_CREATED]), "event"
    yield "an event of most", Wanted(events=[Event.CALL_FINISHED]), "at"
    yield "a tool", Wanted(tool="tool_3"), "tool"
    yield "a tool that is not there", Wanted(tool="nope"), "tool"
    yield "a client", Wanted(client="client_3", tool="tool_3"), "client"
    yield "failures", Wanted(outcome="error"), "failed"
    yield "what succeeded", Wanted(outcome=SUCCEEDED), "at"
    yield "a reference", Wanted(reference="ENG-17"), "correlation_id|target|trace_id"


async def test_every_filter_reads_along_an_index_and_neither_gathers_nor_sorts_all(
    many: Fresh, database: Database
) -> None:
    for name, wanted, indexes in asked():
        for newest_first in (True, False):
            query = search._Query(wanted, after=None, newest_first=newest_first, limit=50)
            async with database.transaction(Role.WORKER) as conn:
                await conn.execute(search._ONLY_READING, ("8s",))
                told = await conn.execute(sql.SQL("EXPLAIN {}").format(query._statement()))
                plan = "\n".join(row["QUERY PLAN"] for row in await told.fetchall())
            assert "Seq Scan" not in plan, (name, plan)
            used = set(re.findall(r"using audit_events_(\w+)", plan))
            assert set(indexes.split("|")) <= used, (name, plan)
            # What an index gives is sorted within one instant only, never gathered first.
            gathered = re.search(r"->  Sort [^\n]*\n *Sort Key[^\n]*\n *->  Index", plan)
            assert gathered is None, (name, plan)
