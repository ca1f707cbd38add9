"""Changing a call that waits for approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import ModelResponse, ToolCallPart

from xerus.assistant.approvals import Approval, Kind, More
from xerus.assistant.changes import Preview
from xerus.assistant.conversations import no_such_conversation
from xerus.assistant.editing.checks import problems_of
from xerus.assistant.editing.fields import Field, entered, fields_of, with_answers
from xerus.assistant.editing.schema import Schema
from xerus.assistant.journal import Content, Journal, waits_no_more
from xerus.assistant.link import McpLink
from xerus.assistant.policies import OURS, Key, tool_of, unwrapped, wrapped
from xerus.assistant.present import NotConnected, SiteUnknown, present
from xerus.assistant.preview import by_arguments
from xerus.assistant.remote.calls import Others
from xerus.assistant.toolset import all_tools
from xerus.assistant.turns import CallNote
from xerus.clock import Clock
from xerus.errors import Conflict, XerusError
from xerus.ids import UserId
from xerus.tools.arguments import problems_of as problems_of_ours


@dataclass(frozen=True, kw_only=True)
class EditForm:
    """A call as a form.

    Attributes:
        call_id, shown: what is sent back, so that it is about the call that the form shows.
        origin: the other server whose tool it is; '' for one of ours.
    """

    call_id: str
    shown: str
    title: str
    tool: str
    origin: str
    fields: Sequence[Field]

    @property
    def problems(self) -> list[Field]:
        """The fields with which something is wrong."""
        return [one for one in self.fields if one.problem]


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call that waits: its key and the arguments, of the one inside where it wraps one."""

    wait: Approval
    note: CallNote
    outer: dict[str, Any]
    key: Key
    arguments: dict[str, Any]

    def with_arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that are sent in place of the present ones."""
        inside = self.key.tool != self.wait.tool and self.key.server == OURS
        return wrapped(self.outer, arguments) if inside else arguments


class Editing:
    """Makes the form of a call, and takes what a person made of it."""

    def __init__(
        self, *, journal: Journal, link: McpLink, others: Others | None, clock: Clock
    ) -> None:
        self._journal = journal
        self._link = link
        self._others = others
        self._clock = clock

    async def form(self, user_id: UserId, conversation_id: str, approval_id: str) -> EditForm:
        """Return the form of a call.

        Raises:
            NotFound: there is no such call of this person.
            Conflict: it waits no more, or its tool is another one by now.
        """
        call = await self._call(user_id, conversation_id, approval_id)
        schema = await self._schema(user_id, call)
        return _form(call, fields_of(schema, call.arguments))

    async def save(
        self,
        user_id: UserId,
        conversation_id: str,
        approval_id: str,
        *,
        shown: str,
        form: Mapping[str, str],
    ) -> EditForm | None:
        """Let the changed call wait in place of the one that `shown` names.

        Returns None when it does, the form where something is wrong with what was entered.

        Raises:
            NotFound: there is no such call of this person.
            Conflict: it waits no more, was changed in another window, or cannot succeed.
        """
        call = await self._call(user_id, conversation_id, approval_id)
        if shown != call.wait.shown:
            raise Conflict(
                "This call was changed in another window, so nothing was saved.",
                hint="Open the conversation again, look at the call, then change it.",
            )
        schema = await self._schema(user_id, call)
        fields = fields_of(schema, call.arguments)
        found = entered(fields, form)
        problems = {**_wrong(call.key, schema, found.arguments), **found.problems}
        if problems:
            return _form(call, with_answers(fields, form, problems))
        if found.arguments == call.arguments:
            return None
        more = More(
            arguments=call.with_arguments(found.arguments),
            preview=await self._preview(user_id, call.key, found.arguments),
        )
        await self._journal.edit(user_id, conversation_id, approval_id, shown=shown, more=more)
        return None

    async def _call(self, user_id: UserId, conversation_id: str, approval_id: str) -> _Call:
        content = await self._journal.read(user_id, conversation_id)
        wait = next((one for one in content.approvals.values() if one.id == approval_id), None)
        if wait is None:
            raise no_such_conversation()
        if content.running or wait.kind is not Kind.APPROVAL or not wait.waits(self._clock.now()):
            raise waits_no_more()
        outer = wait.more.arguments
        if outer is None:
            outer = _asked(content, wait).args_as_dict()
        note = content.turns[wait.turn].calls[wait.call_id]
        key = Key(note.server, note.tool) if note.definition else Key(OURS, wait.tool)
        inner, arguments = unwrapped(key, outer)
        return _Call(wait=wait, note=note, outer=outer, key=inner, arguments=dict(arguments))

    async def _schema(self, user_id: UserId, call: _Call) -> Schema:
        if (tool := tool_of(call.key)) is not None:
            return tool.input_schema
        found = (
            await self._elsewhere(user_id, call)
            if call.note.definition
            else await self._listed(user_id, call.wait.tool)
        )
        if found is None:
            raise Conflict(
                "Its tool is not there as it was when the call was made, so it cannot be changed.",
                hint="Decline the call and ask for it again.",
            )
        return found

    async def _listed(self, user_id: UserId, name: str) -> Schema | None:
        async with self._link.connect(user_id) as client:
            tools = await all_tools(client)
        return next((one.input_schema for one in tools if one.name == name), None)

    async def _elsewhere(self, user_id: UserId, call: _Call) -> Schema | None:
        if self._others is None:
            return None
        calls = self._others.calls(user_id)
        try:
            await calls.look()
            tool = calls.tools(()).get(call.wait.tool)
        finally:
            calls.leave()
        return tool.schema if tool is not None and tool.digest == call.note.definition else None

    async def _preview(self, user_id: UserId, key: Key, arguments: dict[str, Any]) -> Preview:
        if key.server != OURS:
            return by_arguments(arguments)
        async with self._link.connect(user_id) as client:
            # Nothing is raised through the connection: its task group would wrap it.
            try:
                return (await present(client, key, arguments)).preview
            except NotConnected:
                refused: XerusError = Conflict(
                    "Atlassian is not connected, or lacks a permission for this, so it was not saved.",
                    hint="Connect Atlassian under Tools, then save again.",
                )
            except SiteUnknown as unknown:
                refused = unknown
        raise refused


def _form(call: _Call, fields: Sequence[Field]) -> EditForm:
    return EditForm(
        call_id=call.wait.id,
        shown=call.wait.shown,
        title=call.note.title,
        tool=call.note.tool or call.wait.tool,
        origin=call.note.origin,
        fields=fields,
    )


def _asked(content: Content, wait: Approval) -> ToolCallPart:
    """Return the call as the model made it."""
    return next(
        part
        for turn in reversed(content.turns[: wait.turn + 1])
        for message in reversed(turn.messages)
        if isinstance(message, ModelResponse)
        for part in message.tool_calls
        if part.tool_call_id == wait.call_id
    )


def _wrong(key: Key, schema: Schema, arguments: dict[str, Any]) -> dict[str, str]:
    tool = tool_of(key)
    return problems_of(schema, arguments) if tool is None else problems_of_ours(tool, arguments)
