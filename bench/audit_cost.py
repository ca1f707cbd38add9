"""What the audit log costs a tool call, in CPU time, measured on the log alone.

The difference between a whole Xerus with and without its log is smaller than what two runs of the
same server differ by on a busy machine. Here the same calls compute for a fixed time and wait once, as
for Atlassian, with the two events of a call around it and without: what remains is the log.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time

import psycopg

from bench.figures import table
from bench.procfs import usage
from bench.progress import say
from bench.soak.audit import a_log
from tests.unit.tools.fakes import caller, target
from xerus.app.tool_audit import RecordedTools
from xerus.audit.log import AuditLog
from xerus.clock import SystemClock
from xerus.db import postmaster
from xerus.db.place import remembered
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.telemetry.metrics import Metrics
from xerus.tools.catalogue import Catalogue

_UPSTREAM_SECONDS = 0.002
_CALLS = 960
_LOADS = ((1, 1.0), (16, 0.5), (16, 1.0), (16, 2.0), (64, 1.0))
"""Callers at once, and the milliseconds of CPU that a call takes besides its audit."""

_WRITTEN = "SELECT count(*), count(DISTINCT xmin::text) FROM audit_events"
_HEAD = (
    *("callers", "other CPU ms/call", "audit CPU ms/call", "range"),
    *("of it PostgreSQL", "events in a write"),
)


@dataclass(frozen=True, kw_only=True)
class _Place:
    audit: AuditLog
    tools: RecordedTools
    postgres: int
    owner: str

    def written(self) -> tuple[int, int]:
        with psycopg.connect(self.owner) as conn:
            row = conn.execute(_WRITTEN).fetchone()
        assert row
        return int(row[0]), int(row[1])


async def cost(rounds: int) -> str:
    """Return the table."""
    found: dict[tuple[int, float], list[tuple[float, float, float]]] = {}
    async with _place() as place:
        await _calls(place, 16, 0.5)
        for number in range(rounds):
            say(f"audit, round {number + 1} of {rounds}")
            for load in _LOADS:
                found.setdefault(load, []).append(await _measured(place, *load))
    rows = [
        [
            callers,
            work,
            median(own + database for own, database, _ in measured),
            f"{min(o + d for o, d, _ in measured):.2f} to {max(o + d for o, d, _ in measured):.2f}",
            median(database for _, database, _ in measured),
            median(events for _, _, events in measured),
        ]
        for (callers, work), measured in found.items()
    ]
    return table(f"Cost of audit (median of {rounds})", _HEAD, rows)


async def _measured(place: _Place, callers: int, work: float) -> tuple[float, float, float]:
    """Return the CPU ms of a call's audit, own and PostgreSQL's, and the events in one write."""
    without = await _cpu(None, callers, work)
    events, writes = place.written()
    database = usage(place.postgres).cpu_seconds
    own = await _cpu(place, callers, work) - without
    database = usage(place.postgres).cpu_seconds - database
    more, last = place.written()
    return own, database / _CALLS * 1000, (more - events) / (last - writes)


async def _cpu(place: _Place | None, callers: int, work: float) -> float:
    begun = process_time()
    await _calls(place, callers, work)
    if place:
        await place.audit.settle()
    return (process_time() - begun) / _CALLS * 1000


async def _calls(place: _Place | None, callers: int, work: float) -> None:
    async def one() -> None:
        for _ in range(_CALLS // callers):
            await _call(place, work)

    await asyncio.gather(*(one() for _ in range(callers)))


async def _call(place: _Place | None, work: float) -> None:
    """Do what `tools.runner` does around a read."""
    started = place and place.tools.started(_CALLER, _TOOL, _TARGET, "ENG-1")
    _compute(work / 2)
    await asyncio.sleep(_UPSTREAM_SECONDS)
    _compute(work / 2)
    if place and started:
        await started
        place.tools.finished(_CALLER, _TOOL, _TARGET, "ENG-1", outcome="ok", status=0, latency_ms=3)


def _compute(milliseconds: float) -> None:
    end = process_time() + milliseconds / 1000
    while process_time() < end:
        pass


@asynccontextmanager
async def _place() -> AsyncIterator[_Place]:
    async with a_log() as (fresh, database, folder):
        server = postmaster.find(_data(folder))
        assert server
        keys = PurposeKeys(database=database, provider=FileKeyProvider(folder / "key"))
        audit = AuditLog(
            database=database, keys=keys, clock=SystemClock(), checkpoint_file=folder / "signed"
        )
        await audit.start(write_checkpoints=False)
        tools = RecordedTools(audit=audit, metrics=Metrics())
        yield _Place(audit=audit, tools=tools, postgres=server.pid, owner=fresh.owner)
        await audit.stop()


def _data(folder: Path) -> Path:
    place = remembered(folder / "data")
    assert place
    return place.data


_CALLER, _TARGET = replace(caller(), user_id=None), target()
_TOOL = Catalogue().get("jira_get_issue")
