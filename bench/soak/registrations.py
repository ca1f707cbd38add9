"""A flood of client registrations fills no table and keeps nobody else out."""

import asyncio
import time
from collections import Counter

import aiohttp
import psycopg

from bench.driver import IDLE_SECONDS, Driver, load
from bench.figures import percentile
from bench.progress import say
from bench.soak.pressure import StageFailed
from bench.world import World, world
from tests.support.journeys import ADA
from xerus.db.embedded import EmbeddedPostgres

_FLOOD = 10_000
_SECONDS = 60.0
_CALM_SECONDS = 10.0
_PARALLEL = 16
_QUOTA = 60  # a minute and address, the default
_MOST_SLOWER = 2.0
_OTHERS_EVERY = 5.0
_CREATED, _TOO_MANY = 201, 429
_ROWS = """
SELECT (SELECT count(*) FROM clients) AS clients, (SELECT count(*) FROM rate_windows) AS windows,
       (SELECT count(*) FROM audit_events) AS events
"""
_CLIENT = {
    "client_name": "Flood",
    "redirect_uris": ["http://127.0.0.1:33333/callback"],
    "token_endpoint_auth_method": "none",
}


class _Applicant:
    """Registers clients from one loopback address, and counts the answers."""

    def __init__(self, here: World, address: str) -> None:
        self._url = f"http://127.0.0.1:{here.xerus.port}/oauth/register"
        self._headers = {"Host": here.url.removeprefix("http://")}
        self._address = address
        self.answers: Counter[int] = Counter()

    def session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, local_addr=(self._address, 0), keepalive_timeout=IDLE_SECONDS
        )
        return aiohttp.ClientSession(connector=connector, headers=self._headers)

    async def apply(self, http: aiohttp.ClientSession) -> None:
        async with http.post(self._url, json=_CLIENT) as reply:
            await reply.read()
            self.answers[reply.status] += 1


async def run() -> str:
    """Register 10,000 clients in a minute beside a person who works."""
    async with world() as here:
        postgres = EmbeddedPostgres(here.data)
        owner = (await postgres.start()).owner
        try:
            return await _stage(here, owner)
        finally:
            await postgres.stop()


async def _stage(here: World, owner: str) -> str:
    somebody = await here.person(ADA)
    before = await _rows(owner)
    flood, other = _Applicant(here, "127.0.0.1"), _Applicant(here, "127.0.0.2")
    async with somebody.driver() as client:
        calm = await load([lambda: _read(client)], seconds=_CALM_SECONDS)
        began = time.time()
        busy, _, _ = await asyncio.gather(
            load([lambda: _read(client)], seconds=_SECONDS),
            _pour(flood),
            _now_and_then(other),
        )
        minutes = int(time.time() // 60) - int(began // 60) + 1
    after = await _rows(owner)
    accepted = flood.answers[_CREATED] + other.answers[_CREATED]
    stored = after["clients"] - before["clients"]
    say(f"  answers: {dict(flood.answers)}, from another address: {dict(other.answers)}")
    say(f"  rows before: {before}, after: {after}")
    _check(set(flood.answers) <= {_CREATED, _TOO_MANY}, f"odd answers: {dict(flood.answers)}")
    _check(flood.answers[_CREATED] <= _QUOTA * minutes, f"more than {_QUOTA} a minute accepted")
    _check(stored == accepted, f"{accepted} accepted, but {stored} clients stored")
    _check(set(other.answers) == {_CREATED}, f"another address got {dict(other.answers)}")
    _check(not busy.errors, f"{len(busy.errors)} calls of others failed: {busy.errors[:1]}")
    before_flood, within = (percentile(one.latencies, 0.95) for one in (calm, busy))
    slower = within / before_flood
    say(f"  p95 without the flood {before_flood * 1000:.1f} ms, within it {within * 1000:.1f} ms")
    _check(slower < _MOST_SLOWER, f"p95 of somebody's calls is {slower:.1f} times as long")
    return (
        f"{flood.answers.total()} registrations, {accepted} stored, the rest refused; "
        f"p95 of somebody's calls {slower:.1f} times that without the flood"
    )


def _check(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise StageFailed(message)


async def _read(client: Driver) -> None:
    await client.call("jira_get_issue", {"issue_key": "ENG-1"})
    await asyncio.sleep(0.01)


async def _pour(flood: _Applicant) -> None:
    """Spread the flood over the minute, as fast as the server lets it."""
    loop = asyncio.get_running_loop()
    begun, left = loop.time(), iter(range(_FLOOD))

    async def applicant(http: aiohttp.ClientSession) -> None:
        for number in left:
            await asyncio.sleep(begun + number * _SECONDS / _FLOOD - loop.time())
            if loop.time() - begun > _SECONDS:
                return
            await flood.apply(http)

    async with flood.session() as http:
        await asyncio.gather(*(applicant(http) for _ in range(_PARALLEL)))


async def _now_and_then(other: _Applicant) -> None:
    async with other.session() as http:
        for _ in range(int(_SECONDS / _OTHERS_EVERY)):
            await other.apply(http)
            await asyncio.sleep(_OTHERS_EVERY)


async def _rows(owner: str) -> dict[str, int]:
    async with await psycopg.AsyncConnection.connect(
        owner, row_factory=psycopg.rows.dict_row
    ) as conn:
        row = await (await conn.execute(_ROWS)).fetchone()
    assert row is not None
    return row
