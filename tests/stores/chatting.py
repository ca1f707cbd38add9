"""The assistant in this process, with a scripted model and a small MCP server of the test's own."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from tests.stores.connecting import MovableClock
from tests.support.other_servers import People
from xerus.accounts.users import User
from xerus.assistant.asking import Patience
from xerus.assistant.branching import Branching
from xerus.assistant.choosing import Models
from xerus.assistant.conversations import Conversations
from xerus.assistant.entries import ApprovalEntry, Entry, NeedsConnectionEntry
from xerus.assistant.exporting import Exporting
from xerus.assistant.link import McpLink
from xerus.assistant.prices import Prices
from xerus.assistant.remote.calls import Others
from xerus.assistant.remote.servers import Servers
from xerus.assistant.service import Assistant
from xerus.assistant.verdicts import Remember, Verdict
from xerus.audit.log import AuditLog
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.egress.servers import ServerEgress
from xerus.ids import FamilyId, UserId, new_id
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.telemetry.metrics import Metrics
from xerus.vault.service import Vault

Script = Callable[[list[ModelMessage]], ModelResponse]
_URL = "http://127.0.0.1/mcp"
_WRITTEN = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "to": {"type": "string"}},
    "required": ["text"],
}


def person() -> User:
    return User(
        id=UserId(new_id()), tenant="t", subject=new_id(), email="", name="Ada", is_admin=False
    )


def says(text: str) -> ModelResponse:
    return ModelResponse(parts=[TextPart(content=text)])


def calls(*wanted: tuple[str, dict[str, Any]]) -> ModelResponse:
    return ModelResponse(
        parts=[
            ToolCallPart(tool_name=name, args=args, tool_call_id=new_id()) for name, args in wanted
        ]
    )


def results(messages: list[ModelMessage]) -> list[str]:
    """What the model was told about its calls, oldest first."""
    return [
        str(part.content)
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]


def writes_then_reports(messages: list[ModelMessage]) -> ModelResponse:
    """Write once per message of the person, then repeat what the tools said."""
    last = messages[-1]
    assert isinstance(last, ModelRequest)
    if any(isinstance(part, ToolReturnPart) for part in last.parts):
        return says("Told: " + results(messages)[-1])
    return calls(("write", {"text": "harmless"}))


class Tokens:
    """Hands out tokens that the small server does not look at."""

    async def mint(
        self,
        *,
        user_id: UserId,
        client_id: str,
        scopes: frozenset[str],
        family_id: FamilyId | None,
        resource: str,
    ) -> str:
        return "token"


@dataclass
class Tools:
    """One tool that reads and one that writes; `ran` is what they were called with.

    Attributes:
        state, account, sites: of the connection, without which nothing runs.
        lacking: scopes that it has to be given first.
        holds: whether a call waits after it has begun, until `may_end`.
        done: the names of the calls that ended.
        destroys: what the tools say of themselves.
        answer: what they say in place of that they are done.
    """

    ran: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    state: str = "connected"
    account: str = ""
    sites: tuple[str, ...] = ()
    lacking: list[str] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    done: list[str] = field(default_factory=list)
    holds: bool = False
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    destroys: bool | None = None
    answer: str = ""

    def server(self) -> Server[Any]:
        return Server("small", on_list_tools=self._list, on_call_tool=self._call)

    async def _list(self, *_: object) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    title=name.capitalize(),
                    input_schema=_WRITTEN if name == "write" else {"type": "object"},
                    annotations=types.ToolAnnotations(
                        read_only_hint=reads, destructive_hint=self.destroys
                    ),
                )
                for name, reads in (("look", True), ("write", False))
            ]
        )

    async def _call(
        self, _: object, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        if params.name == "connection_status":
            sites = [{"name": name} for name in self.sites]
            status = {"state": self.state, "account_email": self.account, "sites": sites}
            return types.CallToolResult(content=[], structured_content=status)
        if self.state != "connected":
            url = "http://127.0.0.1/tools"
            asked = types.ElicitRequestURLParams(message="Connect.", url=url)
            return types.InputRequiredResult(
                input_requests={"connect": types.ElicitRequest(params=asked)}
            )
        if self.lacking:
            told = {"url": "http://127.0.0.1/tools", "scopes": self.lacking}
            return types.CallToolResult(
                content=[types.TextContent(text="A scope is missing.")],
                is_error=True,
                _meta={"xerus/connect": told},
            )
        self.ran.append((params.name, dict(params.arguments or {})))
        self.started.set()
        if self.holds:
            await self.may_end.wait()
        self.done.append(params.name)
        return types.CallToolResult(
            content=[types.TextContent(text=self.answer or f"{params.name} done")]
        )


def verdict(
    call: ApprovalEntry, *, approve: bool, shown: str | None = None, remember: Remember = ""
) -> Verdict:
    """What a page sends that shows `call`."""
    seen = call.shown if shown is None else shown
    return Verdict(approval_id=call.call_id, approve=approve, shown=seen, remember=remember)


@dataclass
class Chat:
    """An assistant, and what is around it."""

    assistant: Assistant
    tools: Tools
    clock: MovableClock
    audit: AuditLog
    conversations: Conversations
    branching: Branching
    exporting: Exporting
    vault: Vault
    user: User = field(default_factory=person)

    async def send(self, text: str, conversation: str | None = None, model: str = "") -> str:
        """Send a message and wait for the answer."""
        sent = await self.assistant.send(self.user, conversation, text, model)
        await self.assistant.finished(self.user.id, sent)
        return sent

    async def entries(self, conversation: str) -> list[Entry]:
        return await self.assistant.open(self.user.id, conversation)

    async def approvals(self, conversation: str) -> list[ApprovalEntry]:
        entries = await self.entries(conversation)
        return [entry for entry in entries if isinstance(entry, ApprovalEntry)]

    async def held(self, conversation: str) -> NeedsConnectionEntry:
        entries = await self.entries(conversation)
        [found] = [one for one in entries if isinstance(one, NeedsConnectionEntry)]
        return found

    async def go_on(self, conversation: str, held: NeedsConnectionEntry) -> None:
        """Continue the calls that waited for a connection."""
        verdicts = [Verdict(approval_id=one, approve=True) for one in held.call_ids]
        await self.assistant.decide(self.user, conversation, verdicts)
        await self.assistant.finished(self.user.id, conversation)

    async def decide(self, conversation: str, call: ApprovalEntry, *, approve: bool) -> None:
        await self.assistant.decide(self.user, conversation, [verdict(call, approve=approve)])
        await self.assistant.finished(self.user.id, conversation)

    async def again(self, conversation: str, model: str = "") -> None:
        await self.assistant.again(self.user, conversation, model)
        await self.assistant.finished(self.user.id, conversation)

    async def events(self) -> list[str]:
        return [row.event for row in reversed(await self.audit.recent(self.user.id))]


@asynccontextmanager
async def chatting(
    database: Database,
    folder: Path,
    script: Script,
    *,
    deadline_seconds: float = 30,
    messages_per_minute: int = 1000,
) -> AsyncIterator[Chat]:
    """An assistant whose model follows `script`."""

    def respond(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        return script(messages)

    async with chatting_with(
        database, folder, streamed(respond), deadline_seconds, messages_per_minute
    ) as chat:
        yield chat


def streamed(
    respond: Callable[[list[ModelMessage], AgentInfo], ModelResponse | Awaitable[ModelResponse]],
) -> FunctionModel:
    """A model that says what `respond` returns, word by word."""

    async def stream(
        messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        answer = respond(messages, info)
        response = await answer if isinstance(answer, Awaitable) else answer
        for n, part in enumerate(response.parts):
            if isinstance(part, TextPart):
                for word in re.findall(r"\s*\S+\s*", part.content):
                    yield word
            elif isinstance(part, ToolCallPart):
                yield {
                    n: DeltaToolCall(
                        name=part.tool_name,
                        json_args=part.args_as_json_str(),
                        tool_call_id=part.tool_call_id,
                    )
                }

    return FunctionModel(stream_function=stream)


@asynccontextmanager
async def chatting_with(
    database: Database,
    folder: Path,
    model: Model | Mapping[str, Model],
    deadline_seconds: float = 30,
    messages_per_minute: int = 1000,
    listener: Listener | None = None,
    people: People | None = None,
    patience: Patience | None = None,
    window: int = 0,
    prices: Prices | None = None,
    tokens_per_day: int | None = None,
) -> AsyncIterator[Chat]:
    """An assistant on `model`, or on several by their names; without a `listener` of its own it hears nothing from others.

    `people` know the other MCP servers that there are; `window` are the tokens of the model.
    """
    tools, clock = Tools(), MovableClock()
    keys = FileKeyProvider(folder / "key")
    vault = Vault(database=database, provider=keys)
    await vault.start()
    audit = AuditLog(
        database=database,
        keys=PurposeKeys(database=database, provider=keys),
        clock=clock,
        checkpoint_file=folder / "checkpoints",
    )
    await audit.start(write_checkpoints=False)
    manager = StreamableHTTPSessionManager(tools.server(), json_response=True, stateless=True)
    egress = ServerEgress()
    offers = Servers(remotes=people or People(), egress=egress)
    others = Others(servers=offers, audit=audit, metrics=Metrics())
    assistant = Assistant(
        db=database,
        listener=listener or Listener(direct_dsn=""),
        vault=vault,
        audit=audit,
        clock=clock,
        models=Models(
            model if isinstance(model, Mapping) else {"": model}, {"": window} if window else None
        ),
        link=McpLink(app=manager.handle_request, url=_URL, tokens=Tokens()),
        messages_per_minute=messages_per_minute,
        deadline_seconds=deadline_seconds,
        prices=prices,
        tokens_per_day=tokens_per_day,
        others=others,
        patience=patience,
    )
    conversations = Conversations(db=database, vault=vault, audit=audit, clock=clock)
    async with manager.run():
        yield Chat(
            assistant=assistant,
            tools=tools,
            clock=clock,
            audit=audit,
            conversations=conversations,
            branching=Branching(db=database, vault=vault, clock=clock),
            exporting=Exporting(
                conversations=conversations, read=assistant.content, audit=audit, clock=clock
            ),
            vault=vault,
        )
        await assistant.drain()
        await others.drain()
    await egress.close()
    await audit.stop()
