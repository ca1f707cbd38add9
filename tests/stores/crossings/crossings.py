"""100 people in several processes before one pooler, whose few server connections they share."""

import asyncio
import logging
import random
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import uvloop
from psycopg.rows import dict_row
from pydantic import SecretStr
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo

from tests.stores.chatting import chatting_with, says, streamed
from tests.stores.connecting import a_process_at
from tests.stores.crossings.marks import MarkedAtlassian, mark, marks_in
from tests.stores.crossings.person import SHOWN, Place, Somebody
from tests.stores.databases import Fresh
from tests.support.pooler import pooler
from tests.support.renewals.grants import database, forked
from xerus.ids import UserId, new_id

_SERVERS = 5
_TOLD_EVERY = 1.0
_STORED = (
    "SELECT user_id::text AS whose, account_email AS text FROM connections",
    "SELECT user_id::text AS whose, facts::text AS text FROM audit_events WHERE user_id IS NOT NULL",
)


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a process needs to know; it can be sent to another one."""

    fresh: Fresh
    folder: Path
    people: dict[UserId, str]


async def crossings(people: int, steps: int, processes: int, told: Callable[[str], None]) -> str:
    """Let everybody take `steps` random steps in all, an equal part in each process."""
    async with database() as server, pooler(server.dsn, servers=_SERVERS) as bouncer:
        with psycopg.connect(server.owner, autocommit=True) as conn:
            # Who crosses whom does not depend on what a crash would leave.
            conn.execute("ALTER SYSTEM SET synchronous_commit = off")
            conn.execute("SELECT pg_reload_conf()")
        fresh = Fresh(login=bouncer.before(server.dsn), owner=server.owner, direct=server.dsn)
        marks = {UserId(new_id()): mark(number) for number in range(people)}
        where = Where(fresh=fresh, folder=server.key_file.parent, people=marks)
        ends = [_started(where, steps // processes) for _ in range(processes)]
        done = await _followed(ends, people * (steps // processes) * processes, told)
        for end in ends:
            # In one process after the other everybody gets what is theirs.
            end.send("reconnect")
            await _answer(end)
        _own_marks(server.owner, marks)
    shown, faults = done.pop(SHOWN), _faults(done)
    assert shown > done.total() / 5, f"only {shown} of {done.total()} showed anything: {done}"
    return (
        f"{people} people, {done.total()} operations in {processes} processes on {_SERVERS} server"
        f" connections, {faults} of them faults, {shown} answers with a mark: 0 crossings"
    )


def _faults(done: Counter[str]) -> int:
    names = ("fail", "swallow", "forge", "think", "lose", "be_cancelled")
    return sum(count for name, count in done.items() if name.startswith(names))


@asynccontextmanager
async def _here(where: Where) -> AsyncIterator[list[Somebody]]:
    """Yield everybody in this process."""

    def respond(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        return says(f"You are {' and '.join(marks_in(messages[-1]))}.")

    async with (
        MarkedAtlassian() as atlassian,
        a_process_at(
            where.fresh,
            atlassian.base,
            where.folder / "key",
            client_id="app",
            client_secret=SecretStr("secret"),
        ) as part,
        chatting_with(part.db, where.folder, streamed(respond)) as chat,
        await psycopg.AsyncConnection.connect(
            where.fresh.login, autocommit=True, prepare_threshold=None
        ) as bare,
    ):
        place = Place(part=part, chat=chat, bare=bare)
        everybody = [
            Somebody(mark=name, user_id=user_id, place=place, dice=random.Random())  # noqa: S311 - chooses what is tried
            for user_id, name in where.people.items()
        ]
        for person in everybody:
            person.others = [other for other in everybody if other is not person]
        yield everybody
        assert not atlassian.crossed, atlassian.crossed[:3]


def _started(where: Where, steps: int) -> Connection:
    context = forked(__name__)
    ours, theirs = context.Pipe()
    context.Process(target=_serve, args=(theirs, where, steps), daemon=True).start()
    theirs.close()
    # The first one makes the keys.
    assert ours.recv() == "ready"
    return ours


async def _answer(end: Connection) -> Counter[str] | None:
    """Return what a process says next.

    Raises:
        AssertionError: what went wrong there.
    """
    said = await asyncio.to_thread(end.recv)
    assert not isinstance(said, str), said
    answer: Counter[str] | None = said
    return answer


async def _followed(
    ends: Sequence[Connection], wanted: int, told: Callable[[str], None]
) -> Counter[str]:
    """Tell how far all are together; return what they did once they are through."""
    newest: list[Counter[str]] = [Counter() for _ in ends]

    async def follow(number: int) -> None:
        while (done := await _answer(ends[number])) is not None:
            newest[number] = done
            total = sum(counted.total() - counted[SHOWN] for counted in newest)
            told(f"{total} of {wanted} operations")

    await asyncio.gather(*map(follow, range(len(ends))))
    return sum(newest, Counter())


def _serve(end: Connection, where: Where, steps: int) -> None:
    # What is lost on purpose is told of by the pool, a line for each.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the product runs
        runner.run(_lived(end, where, steps))


def _causes(failed: BaseException) -> list[str]:
    if isinstance(failed, BaseExceptionGroup):
        return [text for inner in failed.exceptions for text in _causes(inner)]
    return ["".join(traceback.format_exception(failed))]


async def _lived(end: Connection, where: Where, steps: int) -> None:
    async with _here(where) as everybody:
        end.send("ready")
        done = everybody[0].place.done
        telling = asyncio.create_task(_tell(end, done))
        try:
            async with asyncio.TaskGroup() as group:
                for person in everybody:
                    group.create_task(person.live(steps))
            telling.cancel()
            end.send(done)
            end.send(None)
            await asyncio.to_thread(end.recv)
            for person in everybody:
                await person.comes_back()
        except BaseException as failed:
            end.send("; ".join(_causes(failed)))
            raise
        end.send(None)


async def _tell(end: Connection, done: Counter[str]) -> None:
    while True:
        await asyncio.sleep(_TOLD_EVERY)
        end.send(done)


def _own_marks(owner: str, marks: dict[UserId, str]) -> None:
    """Check that every stored row has its owner's mark, if any."""
    with psycopg.connect(owner, row_factory=dict_row) as conn:
        for query in _STORED:
            for row in conn.execute(query):
                assert marks_in(row["text"]) <= {marks[row["whose"]]}, row
