"""Calls that wait for a connection to Atlassian, and go on when it is there."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse

from tests.stores.chatting import (
    Chat,
    calls,
    chatting,
    results,
    says,
    writes_then_reports,
)
from xerus.assistant.entries import AssistantEntry, NeedsConnectionEntry, ToolEntry
from xerus.assistant.verdicts import Verdict
from xerus.db.database import Database
from xerus.errors import Conflict

WRITTEN = [("write", {"text": "harmless"})]


def looks_then_reports(messages: list[ModelMessage]) -> ModelResponse:
    found = results(messages)
    return says(f"Told: {found[-1]}") if found else calls(("look", {"at": "it"}))


async def said(chat: Chat, conversation: str) -> str:
    entries = await chat.entries(conversation)
    return "\n".join(entry.html for entry in entries if isinstance(entry, AssistantEntry))


async def rows(chat: Chat, conversation: str) -> list[str]:
    """The state of each call's row."""
    entries = await chat.entries(conversation)
    return [entry.state for entry in entries if isinstance(entry, ToolEntry)]


async def test_a_read_waits_and_then_goes_on_as_the_same_call(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)
        assert (held.state, held.titles) == ("waiting", ("Look",))
        assert await rows(chat, conversation) == ["waiting"]
        assert chat.tools.ran == []

        chat.tools.state = "connected"
        await chat.go_on(conversation, held)

        assert chat.tools.ran == [("look", {"at": "it"})]
        kinds = [entry.kind for entry in await chat.entries(conversation)]
        assert kinds == ["person", "tool", "assistant", "usage"]
        assert await rows(chat, conversation) == ["ok"]
        assert "look done" in await said(chat, conversation)
        assert await chat.events() == ["assistant:call:held", "assistant:call:resumed"]


async def test_a_write_that_names_none_of_several_sites_is_told_so_before_anybody_is_asked(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        chat.tools.state, chat.tools.sites = "choosing_site", ("acme", "labs")
        conversation = await chat.send("Write it")
        assert await chat.approvals(conversation) == []
        assert await rows(chat, conversation) == ["failed"]
        assert "Sites of this connection: acme, labs. Pass one" in await said(chat, conversation)
        assert chat.tools.ran == []


async def test_a_write_that_names_its_site_is_asked_about_though_none_is_chosen(
    database: Database, tmp_path: Path
) -> None:
    def writes(messages: list[ModelMessage]) -> ModelResponse:
        return calls(("write", {"text": "harmless", "site": "labs"}))

    async with chatting(database, tmp_path, writes) as chat:
        chat.tools.state, chat.tools.sites = "choosing_site", ("acme", "labs")
        conversation = await chat.send("Write it")
        assert len(await chat.approvals(conversation)) == 1


async def test_many_windows_that_notice_the_connection_run_the_call_once(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)
        chat.tools.state = "connected"

        await asyncio.gather(*(chat.go_on(conversation, held) for _ in range(8)))

        assert chat.tools.ran == [("look", {"at": "it"})]


async def test_a_write_that_goes_on_is_asked_about_first(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        chat.tools.state = "needs_reconnect"
        conversation = await chat.send("Write it")
        assert await chat.approvals(conversation) == []
        held = await chat.held(conversation)

        chat.tools.state = "connected"
        await chat.go_on(conversation, held)
        assert chat.tools.ran == []
        [waiting] = await chat.approvals(conversation)
        assert waiting.state == "waiting"

        await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == WRITTEN
        kinds = [entry.kind for entry in await chat.entries(conversation)]
        assert kinds == ["person", "approval", "tool", "assistant", "usage"]


async def test_a_connection_that_ends_after_the_approval_is_waited_for_and_asked_about_anew(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        chat.tools.state = "needs_reconnect"
        await chat.decide(conversation, waiting, approve=True)
        assert chat.tools.ran == []

        held = await chat.held(conversation)
        chat.tools.state = "connected"
        await chat.go_on(conversation, held)
        assert chat.tools.ran == []

        [again] = await chat.approvals(conversation)
        assert again.call_id != waiting.call_id
        await chat.decide(conversation, again, approve=True)
        assert chat.tools.ran == WRITTEN


async def test_a_connection_that_is_still_missing_is_waited_for_again(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        first = await chat.held(conversation)
        await chat.go_on(conversation, first)

        second = await chat.held(conversation)
        assert (second.state, second.call_ids != first.call_ids) == ("waiting", True)
        chat.tools.state = "connected"
        await chat.go_on(conversation, second)

        assert chat.tools.ran == [("look", {"at": "it"})]
        assert await rows(chat, conversation) == ["ok"]


async def test_of_several_calls_only_those_go_on_that_waited(
    database: Database, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        found = results(messages)
        if found:
            return says(" / ".join(found))
        return calls(("look", {"at": "one"}), ("write", {"text": "two"}), ("look", {"at": "three"}))

    async with chatting(database, tmp_path, script) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("All of it")
        held = await chat.held(conversation)
        assert len(held.call_ids) == 3
        chat.tools.state = "connected"
        await chat.go_on(conversation, held)

        assert sorted(chat.tools.ran, key=str) == [
            ("look", {"at": "one"}),
            ("look", {"at": "three"}),
        ]
        [waiting] = await chat.approvals(conversation)
        await chat.decide(conversation, waiting, approve=False)
        assert len(chat.tools.ran) == 2
        assert "the person declined it" in await said(chat, conversation)


async def test_a_missing_scope_is_waited_for_with_its_name(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.lacking = ["read:jira-work"]
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)
        assert held.lacking == ("read:jira-work",)

        chat.tools.lacking = []
        await chat.go_on(conversation, held)
        assert chat.tools.ran == [("look", {"at": "it"})]


async def test_who_gives_up_is_told_that_nothing_ran_and_so_is_the_model(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)

        verdicts = [Verdict(approval_id=one, approve=False) for one in held.call_ids]
        await chat.assistant.decide(chat.user, conversation, verdicts)
        await chat.assistant.finished(chat.user.id, conversation)

        assert "gave it up" in await said(chat, conversation)
        assert await rows(chat, conversation) == ["declined"]
        chat.tools.state = "connected"
        with pytest.raises(Conflict):
            await chat.go_on(conversation, held)
        assert chat.tools.ran == []
        assert (await chat.events())[-1] == "assistant:call:dropped"


async def test_a_wait_that_ran_out_is_not_run_and_said_so(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)
        chat.clock.ahead = timedelta(minutes=31)
        assert (await chat.held(conversation)).state == "expired"

        chat.tools.state = "connected"
        await chat.go_on(conversation, held)

        assert chat.tools.ran == []
        assert "not connected in time" in await said(chat, conversation)


async def test_a_new_message_takes_the_place_of_a_call_that_waits(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, looks_then_reports) as chat:
        chat.tools.state = "not_connected"
        conversation = await chat.send("Look at it")
        held = await chat.held(conversation)

        await chat.send("Never mind", conversation)

        states = [
            e.state for e in await chat.entries(conversation) if isinstance(e, NeedsConnectionEntry)
        ]
        assert states == ["superseded"]
        assert "wrote something else instead of connecting" in await said(chat, conversation)
        with pytest.raises(Conflict, match="something else"):
            await chat.go_on(conversation, held)


async def test_what_was_approved_for_one_account_is_not_done_as_another(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        chat.tools.account = "ada@example.com"
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)
        assert waiting.account == "ada@example.com"

        chat.tools.account = "grace@example.com"
        await chat.decide(conversation, waiting, approve=True)

        assert chat.tools.ran == []
        assert "approved for ada@example.com" in await said(chat, conversation)


async def test_disconnecting_ends_what_waits_for_an_approval_in_words(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write it")
        [waiting] = await chat.approvals(conversation)

        await chat.assistant.run_out(chat.user.id)

        [over] = await chat.approvals(conversation)
        assert over.state == "disconnected"
        with pytest.raises(Conflict, match="Atlassian was disconnected"):
            await chat.decide(conversation, waiting, approve=True)
        await chat.send("And now?", conversation)
        assert chat.tools.ran == []
