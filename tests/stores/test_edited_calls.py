"""Calls that a person changes before approving them: what runs, what is told, what is refused."""

from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse

from tests.stores.chatting import (
    Chat,
    calls,
    chatting,
    person,
    results,
    says,
    verdict,
    writes_then_reports,
)
from tests.stores.test_remote_chat import Model
from tests.stores.test_remote_chat import chatting as chatting_with_others
from tests.support.other_servers import OtherServer, People, added, tool
from xerus.assistant.approvals import LIFE
from xerus.assistant.editing.service import EditForm
from xerus.assistant.entries import ApprovalEntry, AssistantEntry, ToolEntry
from xerus.audit.log import AuditRow
from xerus.db.database import Database
from xerus.errors import Conflict, NotFound, XerusError

EDITED = {"text": "better", "to": "ENG-2"}


async def edit(
    chat: Chat, conversation: str, call: ApprovalEntry, shown: str | None = None, **answers: str
) -> EditForm | None:
    """Fill in the form of a call."""
    return await chat.assistant.editing.save(
        chat.user.id,
        conversation,
        call.call_id,
        shown=call.shown if shown is None else shown,
        form={f"arg.{name}": value for name, value in answers.items()},
    )


async def test_the_changed_call_is_shown_runs_once_and_the_model_is_told(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)

        form = await chat.assistant.editing.form(chat.user.id, conversation, call.call_id)
        assert [(one.label, one.shown, one.required) for one in form.fields] == [
            ("Text", "harmless", True),
            ("To", "", False),
        ]
        assert await edit(chat, conversation, call, **EDITED) is None

        [changed] = await chat.approvals(conversation)
        assert (changed.edited, changed.state) == (True, "waiting")
        assert [(row.name, row.after) for row in changed.rows] == [
            ("Text", "better"),
            ("To", "ENG-2"),
        ]
        assert '"to": "ENG-2"' in changed.arguments
        assert changed.shown != call.shown

        await chat.decide(conversation, changed, approve=True)

        assert chat.tools.ran == [("write", EDITED)]
        assert await asked_and_decided(chat) == [
            ("assistant:approval:asked", None),
            ("assistant:approval:edited", None),
            ("assistant:approval:approved", True),
        ]
        [shown, *_] = [
            one for one in await chat.entries(conversation) if isinstance(one, ToolEntry)
        ]
        assert '"to": "ENG-2"' in shown.arguments
        [told] = [
            one for one in await chat.entries(conversation) if isinstance(one, AssistantEntry)
        ]
        assert "The person changed the call before approving it" in told.text
        assert '"to": "ENG-2"' in told.text


async def test_a_card_that_shows_the_call_as_it_was_approves_and_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [stale] = await chat.approvals(conversation)
        await edit(chat, conversation, stale, **EDITED)

        with pytest.raises(Conflict, match="changed in another window"):
            await chat.decide(conversation, stale, approve=True)
        with pytest.raises(Conflict, match="changed in another window"):
            await edit(chat, conversation, stale, text="third")

        [call] = await chat.approvals(conversation)
        assert (chat.tools.ran, call.state) == ([], "waiting")
        assert '"better"' in call.arguments


async def test_what_cannot_be_sent_comes_back_with_words_and_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)

        form = await edit(chat, conversation, call, text="", to="ENG-2")

        assert form is not None
        assert [(one.argument, one.problem) for one in form.problems] == [
            ("text", "This is needed.")
        ]
        assert [one.shown for one in form.fields] == ["", "ENG-2"]
        assert await chat.approvals(conversation) == [call]


async def test_a_form_sent_back_as_it_was_is_no_change(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)
        assert await edit(chat, conversation, call, text="harmless", to="") is None
        assert await chat.approvals(conversation) == [call]
        assert await chat.events() == ["assistant:approval:asked"]


async def test_a_call_that_waits_no_more_cannot_be_changed(
    database: Database, tmp_path: Path
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation, other = await chat.send("Write"), await chat.send("Write")
        [call], [late] = await chat.approvals(conversation), await chat.approvals(other)
        await chat.decide(conversation, call, approve=False)
        chat.clock.ahead += LIFE
        for where, one in ((conversation, call), (other, late)):
            with pytest.raises(Conflict, match="waits no more"):
                await chat.assistant.editing.form(chat.user.id, where, one.call_id)
            with pytest.raises(Conflict, match="waits no more"):
                await edit(chat, where, one, **EDITED)


async def test_nobody_changes_a_call_of_somebody_else(database: Database, tmp_path: Path) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)
        ada, chat.user = chat.user, person()
        with pytest.raises(NotFound):
            await edit(chat, conversation, call, **EDITED)
        with pytest.raises(NotFound):
            await chat.assistant.editing.form(chat.user.id, conversation, call.call_id)
        chat.user = ada
        with pytest.raises(NotFound):
            await chat.assistant.editing.form(ada.id, conversation, conversation)
        assert await chat.approvals(conversation) == [call]


@pytest.mark.parametrize(
    ("state", "words"),
    [("not_connected", "is not connected"), ("choosing_site", "Several sites are connected")],
)
async def test_a_change_is_not_saved_where_nobody_can_be_shown_what_it_does(
    database: Database, tmp_path: Path, state: str, words: str
) -> None:
    async with chatting(database, tmp_path, writes_then_reports) as chat:
        conversation = await chat.send("Write")
        [call] = await chat.approvals(conversation)
        chat.tools.state = state
        with pytest.raises(XerusError, match=words):
            await edit(chat, conversation, call, **EDITED)
        assert await chat.approvals(conversation) == [call]


async def test_of_several_calls_the_changed_one_alone_is_changed(
    database: Database, tmp_path: Path
) -> None:
    def script(messages: list[ModelMessage]) -> ModelResponse:
        written = ("write", {"text": "harmless"})
        return says("Done.") if results(messages) else calls(written, written)

    async with chatting(database, tmp_path, script) as chat:
        chat.tools.destroys = False
        conversation = await chat.send("Write twice")
        first, _ = await chat.approvals(conversation)
        await edit(chat, conversation, first, **EDITED)
        both = await chat.approvals(conversation)
        assert [one.edited for one in both] == [True, False]
        await chat.assistant.decide(
            chat.user, conversation, [verdict(one, approve=True) for one in both]
        )
        await chat.assistant.finished(chat.user.id, conversation)
        assert chat.tools.ran == [("write", EDITED), ("write", {"text": "harmless"})]


SENT = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "count": {"type": "integer", "maximum": 9}},
    "required": ["to"],
}


async def test_a_call_of_another_server_is_changed_by_that_servers_schema(
    database: Database, tmp_path: Path
) -> None:
    async with OtherServer(tools=[tool("send", input_schema=SENT)]).running() as server:
        people, model = People(servers=[added(server.url)]), Model("other_send", to="a", count=1)
        async with chatting_with_others(database, tmp_path, model, people) as chat:
            conversation = await chat.send("Send")
            [call] = await chat.approvals(conversation)
            wrong = await edit(chat, conversation, call, count="10")
            assert wrong is not None
            assert [one.problem for one in wrong.problems] == ["At most 9, please."]
            assert server.ran == []

            assert await edit(chat, conversation, call, to="b", count="") is None
            [changed] = await chat.approvals(conversation)
            assert [(row.name, row.after) for row in changed.rows] == [("To", "b")]
            await chat.decide(conversation, changed, approve=True)

            assert server.ran == [("send", {"to": "b"})]
            said = [
                one for one in await chat.entries(conversation) if isinstance(one, AssistantEntry)
            ]
            assert 'It ran with: {"to": "b"}' in said[-1].text


async def test_a_tool_that_its_server_has_changed_meanwhile_is_not_edited(
    database: Database, tmp_path: Path
) -> None:
    async with OtherServer(tools=[tool("send", input_schema=SENT)]).running() as server:
        people, model = People(servers=[added(server.url)]), Model("other_send", to="a")
        async with chatting_with_others(database, tmp_path, model, people) as chat:
            conversation = await chat.send("Send")
            [call] = await chat.approvals(conversation)
            server.tools = [tool("send", input_schema={**SENT, "required": []})]
            people.servers = [added(server.url + "?moved", server_id=people.servers[0].id)]
            with pytest.raises(Conflict, match="not there as it was"):
                await edit(chat, conversation, call, to="b")


async def asked_and_decided(chat: Chat) -> list[tuple[str, Any]]:
    rows: list[AuditRow] = list(reversed(await chat.audit.recent(chat.user.id)))
    return [(row.event, row.facts.get("edited")) for row in rows]
