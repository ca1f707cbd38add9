"""The assistant on each provider's wire: what a person reads when a model does not simply answer.

After each case the conversation goes on, and nothing of it has run twice.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.stores.connecting import until
from tests.stores.databases import migrated
from tests.stores.wired import Wired, wired_to
from tests.support.model_answers import (
    Call,
    Cut,
    Ends,
    Fails,
    Garbage,
    Gate,
    Part,
    Refuse,
    Say,
    Stop,
)
from tests.support.model_servers import KEY, FakeAnthropic, FakeLocal, FakeOpenAI, ModelServer
from xerus.assistant.asking import Patience
from xerus.db.database import Database
from xerus.db.embedded import EmbeddedDsns

_ATTEMPTS = 3


@asynccontextmanager
async def in_one_task(context: AbstractAsyncContextManager[Wired]) -> AsyncIterator[Wired]:
    """Enter and leave in the same task, which pytest's fixtures do not."""
    over = asyncio.Event()
    entered: asyncio.Future[Wired] = asyncio.get_running_loop().create_future()

    async def hold() -> None:
        async with context as value:
            entered.set_result(value)
            await over.wait()

    task = asyncio.create_task(hold())
    first: list[asyncio.Future[Any]] = [task, entered]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield entered.result()
    finally:
        over.set()
        await task


@pytest.fixture(
    scope="module",
    params=[FakeOpenAI, FakeAnthropic, partial(FakeLocal, strict_templates=True)],
    ids=["openai", "anthropic", "compatible"],
)
async def wired(
    request: pytest.FixtureRequest, server: EmbeddedDsns, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Wired]:
    patience = Patience(pauses=(0.0,) * (_ATTEMPTS - 1))
    with migrated(server) as fresh:
        database = Database(dsn=fresh.login, direct_dsn=fresh.login)
        await database.open()
        folder = tmp_path_factory.mktemp("wired")
        async with in_one_task(wired_to(request.param, database, folder, patience)) as wired:
            yield wired
        await database.close()


@dataclass(frozen=True)
class Case:
    """What the model does, and what then stands in the transcript.

    Attributes:
        answers: one after the other; each is parts, or a refusal.
        asked: how often the provider is asked.
        ran: with what the tools were called.
        only: the providers that do so; none for all.
    """

    answers: tuple[tuple[Part, ...] | Refuse, ...]
    reads: tuple[str, ...]
    asked: int = 1
    ran: tuple[int, ...] = ()
    stop: Stop = "end"
    only: tuple[str, ...] = ()


def refuses(
    status: int,
    kind: str,
    words: str,
    *reads: str,
    message: str = "The provider says no.",
    code: str | None = None,
    headers: dict[str, str] | None = None,
    asked: int = 1,
    only: tuple[str, ...] = (),
) -> Case:
    refusal = Refuse(status, kind, message, code, headers or {})
    return Case((refusal,) * asked, (words, *reads), asked=asked, only=only)


_RETRY = "Nothing you wrote is lost. Choose Retry"
_TOO_LONG = "This conversation has become too long for the model."
_BROKE_OFF = "The connection to the model's provider broke off."
_LOOK = Call("look", {"a": 1})
CASES = {
    "wrong key": refuses(
        401, "authentication_error", "refused the key", "An administrator", code="invalid_api_key"
    ),
    "no right": refuses(403, "permission_error", "refused the key", "An administrator"),
    "no such model": refuses(
        404, "not_found_error", "does not know the model", "XERUS_MODEL", code="model_not_found"
    ),
    "odd request": refuses(
        400, "invalid_request_error", "did not accept the request", "Put it another way"
    ),
    "no tools": refuses(
        400,
        "invalid_request_error",
        "The model cannot use tools",
        "has to set up another one",
        message="library/some-model does not support tools",
    ),
    "too long for OpenAI": refuses(
        400,
        "invalid_request_error",
        _TOO_LONG,
        code="context_length_exceeded",
        only=("openai", "compatible"),
    ),
    "too long for Anthropic": refuses(
        400, "invalid_request_error", _TOO_LONG, message="prompt is too long: 9 tokens > 8 maximum"
    ),
    "too long for llama.cpp": refuses(
        400,
        "exceed_context_size_error",
        _TOO_LONG,
        message="the request exceeds the available context size, try increasing it",
    ),
    "no money": refuses(
        429,
        "insufficient_quota",
        "The quota at the model's provider is used up.",
        code="insufficient_quota",
        only=("openai", "compatible"),
    ),
    "no credit": refuses(
        400,
        "invalid_request_error",
        "The quota at the model's provider is used up.",
        message="Your credit balance is too low to access the Anthropic API.",
        only=("anthropic",),
    ),
    "busy": refuses(
        429, "rate_limit_error", "The model's provider is busy.", _RETRY, asked=_ATTEMPTS
    ),
    "busy and says for how long": refuses(
        429,
        "rate_limit_error",
        "The model's provider is busy.",
        _RETRY,
        headers={"retry-after": "0"},
        asked=_ATTEMPTS,
    ),
    "busy for hours": refuses(
        429,
        "rate_limit_error",
        "It asks to wait 2 hours.",
        headers={"retry-after": "7200"},
    ),
    "overloaded": refuses(
        529, "overloaded_error", "has too much to do", "Wait a minute", asked=_ATTEMPTS
    ),
    "unavailable": refuses(
        503, "overloaded_error", "has too much to do", "Wait a minute", asked=_ATTEMPTS
    ),
    "broken": refuses(500, "server_error", "had an error of its own", _RETRY, asked=_ATTEMPTS),
    "broken gateway": Case(
        (Refuse(502, body="<html>Bad gateway</html>"),) * _ATTEMPTS,
        ("had an error of its own", _RETRY),
        asked=_ATTEMPTS,
    ),
    "busy once": Case((Refuse(429, "rate_limit_error"), (Say("Now."),)), ("Now.",), asked=2),
    "cut before a word": Case(((Cut(),), (Say("Now."),)), ("Now.",), asked=2),
    "overloaded before a word": Case(
        ((Fails("overloaded_error"),), (Say("Now."),)), ("Now.",), asked=2
    ),
    "cut amid its words": Case(((Say("Half of"), Cut()),), ("Half of", _BROKE_OFF, _RETRY)),
    "ends amid its words": Case(
        ((Say("Half of"), Ends()),),
        ("Half of", _BROKE_OFF, _RETRY),
        only=("openai", "anthropic"),  # some compatible servers never say that an answer is over
    ),
    "fails amid its words": Case(
        ((Say("Half of"), Fails("overloaded_error")),), ("Half of", "has too much to do", _RETRY)
    ),
    "garbled amid its words": Case(
        ((Say("Half of"), Garbage()),), ("Half of", "does not answer as it should", _RETRY)
    ),
    "silent": Case(((),) * 3, ("The model gave no answer.", _RETRY), asked=3),
    "silent once": Case(((), (Say("Now."),)), ("Now.",), asked=2),
    "cut off at its limit": Case(((Say("Half of"),),), ("Half of", "cut off"), stop="length"),
    "at its limit before a word": Case(
        ((),), ("as much as it may before it came to an answer", "Ask for less"), stop="length"
    ),
    "filtered": Case(
        ((Say("Half of"),),),
        ("Half of", "declined to go on with this answer", "Put it another way"),
        stop="filter",
    ),
    "filtered before a word": Case(
        ((),), ("declined to answer this", "Put it another way"), stop="filter"
    ),
    "refused": Case(
        ((Say("I cannot help."),),), ("declined to",), stop="refusal", only=("openai", "anthropic")
    ),
    "broken arguments": Case(
        ((Call("look", '{"a": '),), (_LOOK,), (Say("Done."),)),
        ("Not run: the arguments were not as the tool wants them", "look done", "Done."),
        asked=3,
        ran=(1,),
    ),
    "broken arguments for ever": Case(
        ((Call("look", '{"a": '),),) * 3,
        ("called a tool in a way that does not work", _RETRY),
        asked=3,
    ),
    "arguments that are no object": Case(
        ((Call("look", "[1]"),), (Say("Done."),)), ("Not run: the arguments", "Done."), asked=2
    ),
    "unknown tool": Case(
        ((Call("no_such"),), (_LOOK,), (Say("Done."),)),
        ("Unknown tool name: 'no_such'", "look done", "Done."),
        asked=3,
        ran=(1,),
    ),
    "unknown tool for ever": Case(
        ((Call("no_such"),),) * 3, ("called a tool in a way that does not work", _RETRY), asked=3
    ),
    "calls without ids": Case(
        (
            (Call("look", {"a": 1}, id=""), Call("look", {"a": 2}, id="")),
            (Call("look", {"a": 3}, id=""),),
            (Say("Done."),),
        ),
        ("Done.",),
        asked=3,
        ran=(1, 2, 3),
    ),
    "calls with one id": Case(
        (
            (Call("look", {"a": 1}, id="x"), Call("look", {"a": 2}, id="x")),
            (Call("look", {"a": 3}, id="x"),),
            (Say("Done."),),
        ),
        ("Done.",),
        asked=3,
        ran=(1, 2, 3),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_person_reads_what_happened_and_goes_on(wired: Wired, name: str) -> None:
    case = CASES[name]
    chat, server = wired.chat, wired.server
    if case.only and server.provider not in case.only:
        return
    before, asked = len(chat.tools.ran), len(server.asked)
    for answer in case.answers:
        if isinstance(answer, Refuse):
            server.will_refuse(answer)
        else:
            server.will(*answer, stop=case.stop)

    conversation = await chat.send("Do it")

    shown = await wired.read(conversation)
    for words in case.reads:
        assert words in shown
    assert "it is not known" not in shown
    assert KEY not in shown
    ran = chat.tools.ran[before:]
    assert sorted(arguments["a"] for _, arguments in ran) == list(case.ran)
    assert len(server.asked) - asked == case.asked
    server.will(Say("Here."))
    await chat.send("Still there?", conversation)
    assert await wired.said(conversation) == "Here."
    assert chat.tools.ran[before:] == ran
    assert server.left == 0
    server.check()


async def test_a_model_that_is_told_to_go_on_knows_where_it_was_cut_off(wired: Wired) -> None:
    chat, server = wired.chat, wired.server
    server.will(Say("The first half"), stop="length")
    conversation = await chat.send("Tell me all")
    server.will(Say(" and the second."))
    await chat.send("Go on.", conversation)
    assert "The first half" in server.asked[-1].text
    assert "reached the most that may be written at once" in server.asked[-1].text
    server.check()


async def test_writes_with_one_id_are_approved_apart_and_run_once(wired: Wired) -> None:
    chat, server = wired.chat, wired.server
    before = len(chat.tools.ran)
    server.will(Call("write", {"a": 1}, id="x"), Call("write", {"a": 2}, id="x"))
    conversation = await chat.send("Write both")
    first, second = await chat.approvals(conversation)
    await chat.decide(conversation, first, approve=False)
    server.will(Say("One is written."))
    await chat.decide(conversation, second, approve=True)
    await chat.decide(conversation, second, approve=True)
    assert chat.tools.ran[before:] == [("write", {"a": 2})]
    assert await wired.said(conversation) == "One is written."
    assert "the person declined it" in server.asked[-1].text
    server.check()


@pytest.mark.parametrize("kind", [FakeOpenAI, FakeAnthropic, FakeLocal])
async def test_a_busy_provider_is_waited_for_in_sight_and_not_once_stopped(
    kind: type[ModelServer], database: Database, tmp_path: Path
) -> None:
    async with wired_to(kind, database, tmp_path, Patience()) as wired:
        chat, server = wired.chat, wired.server
        server.will_refuse(Refuse(429, "rate_limit_error", headers={"retry-after": "8"}))
        conversation = await chat.assistant.send(chat.user, None, "Do it")

        async def tells() -> bool:
            sight = await chat.assistant.look(chat.user.id, conversation)
            return sight.doing.startswith("The model is busy. Trying again in")

        await until(tells)
        await chat.assistant.stop(chat.user.id, conversation)
        await chat.assistant.finished(chat.user.id, conversation)
        assert [entry.kind for entry in await chat.entries(conversation)] == ["person", "cut"]
        assert (await chat.assistant.look(chat.user.id, conversation)).doing == ""
        assert len(server.asked) == 1


@pytest.mark.parametrize("kind", [FakeOpenAI, FakeAnthropic, FakeLocal])
async def test_a_stream_that_stalls_is_ended_and_what_was_written_stays(
    kind: type[ModelServer], database: Database, tmp_path: Path
) -> None:
    stalled = Gate()
    async with wired_to(kind, database, tmp_path, deadline_seconds=0.5) as wired:
        wired.server.will(Say("Half of"), stalled, Say(" never"))
        conversation = await wired.chat.send("Do it")
        shown = await wired.read(conversation)
        stalled.open()
    assert "Half of" in shown
    assert "This took too long and was stopped." in shown
