"""What the chat's pages call."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from pydantic_ai import DeferredToolResults, ToolApproved, ToolDenied
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models import Model

from xerus.accounts.users import User
from xerus.assistant import demo, grammar
from xerus.assistant.approvals import Approvals, Decision
from xerus.assistant.calls import call_hash
from xerus.assistant.entries import Entry
from xerus.assistant.history import messages_of, not_run
from xerus.assistant.journal import ConversationRow, Journal, Lease
from xerus.assistant.link import McpLink
from xerus.assistant.loop import DEADLINE_SECONDS, Loop, Run
from xerus.assistant.transcript import transcript
from xerus.assistant.turns import Turn, prompt_of
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.errors import InvalidInput, TooLarge, XerusError
from xerus.ids import UserId
from xerus.limits.token_bucket import TokenBuckets
from xerus.vault.service import Vault

LONGEST_MESSAGE = 20_000
"""Characters; the composer's field has the same limit."""

_CHANGED = "Not run: this is not what the person approved."


class Assistant:
    """Conversations of people with the model."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        clock: Clock,
        model: Model,
        link: McpLink,
        messages_per_minute: int,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._journal = Journal(db=db, vault=vault, audit=audit, clock=clock)
        self._loop = Loop(model=model, link=link, clock=clock, deadline_seconds=deadline_seconds)
        self._clock = clock
        self._messages = TokenBuckets(per_minute=messages_per_minute, whose="one person")
        self._is_demo = model.model_name == demo.NAME
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def is_demo(self) -> bool:
        """Whether the demo model answers, which is no AI."""
        return self._is_demo

    @property
    def examples(self) -> Sequence[str]:
        """Requests to start with."""
        return grammar.EXAMPLES

    async def conversations(self, user_id: UserId) -> list[ConversationRow]:
        """Return a person's conversations, the one last used first."""
        return await self._journal.rows(user_id)

    async def open(self, user_id: UserId, conversation_id: str) -> list[Entry]:
        """Return the transcript.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        content = await self._journal.read(user_id, conversation_id)
        return transcript(content, now=self._clock.now())

    async def send(self, user: User, conversation_id: str | None, text: str) -> str:
        """Answer a message, in a new conversation if none is named; return the conversation's id.

        Returns when there is an answer, a call that waits for approval, or an error entry. The
        answer is finished also when the caller goes away.

        Raises:
            InvalidInput: the message is empty.
            TooLarge: it is longer than `LONGEST_MESSAGE`.
            NotFound: there is no such conversation of this person.
            Conflict: an answer is still being written in it.
            LimitReached: this person has sent too many.
        """
        message = _checked(text)
        self._messages.spend(user.id)
        lease = await self._journal.begin_message(user.id, conversation_id, message)
        await self._to_the_end(self._answer(lease, message))
        return lease.conversation_id

    async def decide(self, user: User, conversation_id: str, call_id: str, approve: bool) -> None:  # noqa: FBT001 - the agreed signature
        """Approve or decline a call that waits; go on once no other one waits.

        Raises:
            NotFound: there is no such call of this person.
            Conflict: it was decided the other way, or an answer is being written.
        """
        lease = await self._journal.begin_decision(
            user.id, conversation_id, call_id, approve=approve
        )
        if lease is not None:
            await self._to_the_end(self._go_on(lease))

    async def run_out(self, user_id: UserId) -> None:
        """Let every call that waits for the person's approval run out: its account is gone."""
        await self._journal.run_out(user_id)

    async def drain(self) -> None:
        """Wait until the answers under way are stored; for an orderly shutdown."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _answer(self, lease: Lease, message: str) -> None:
        content = await self._journal.read(lease.user_id, lease.conversation_id)
        run = Run(
            user_id=lease.user_id,
            history=messages_of(content.turns[: lease.n], content.approvals),
            turn=prompt_of(message),
            prompt=message,
        )
        await self._run(lease, run)

    async def _go_on(self, lease: Lease) -> None:
        content = await self._journal.read(lease.user_id, lease.conversation_id)
        history = messages_of(content.turns[: lease.n], content.approvals, last_is_open=True)
        results, approved = _decided(_last_calls(history), content.approvals, lease.n - 1)
        run = Run(
            user_id=lease.user_id,
            history=history,
            turn=Turn(),
            results=results,
            approved=approved,
        )
        await self._run(lease, run)

    async def _run(self, lease: Lease, run: Run) -> None:
        async def save() -> None:
            await self._journal.save(lease, run.turn)

        try:
            await self._loop.run(run, save=save)
            await self._journal.finish(lease, run.turn, run.waiting)
        except BaseException:
            # A defect, or the end of the process: the next message need not wait for the lease.
            with suppress(XerusError):
                await asyncio.shield(self._journal.abandon(lease))
            raise

    async def _to_the_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in a task of its own: a page that is closed does not cut a write short."""
        task = asyncio.create_task(work, name="assistant-run")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)


def _checked(text: str) -> str:
    message = text.strip()
    if not message:
        raise InvalidInput("The message is empty.", hint="Write something, then send it.")
    if len(message) > LONGEST_MESSAGE:
        raise TooLarge(
            f"The message has {len(message):,} characters; at most {LONGEST_MESSAGE:,} are taken.",
            hint="Shorten it, or put the text into a page and name the page.",
        )
    return message


def _last_calls(history: Sequence[ModelMessage]) -> list[ToolCallPart]:
    responses = [message for message in history if isinstance(message, ModelResponse)]
    return list(responses[-1].tool_calls) if responses else []


def _decided(
    calls: Sequence[ToolCallPart], approvals: Approvals, turn: int
) -> tuple[DeferredToolResults, dict[str, bytes]]:
    """Return what was decided, for the loop, and the hash of each call that may run."""
    results, approved = DeferredToolResults(), dict[str, bytes]()
    for call in calls:
        approval = approvals.get((turn, call.tool_call_id))
        if approval is None:
            continue
        if approval.decision is not Decision.APPROVED:
            results.approvals[call.tool_call_id] = ToolDenied(not_run(approval.decision))
        elif approval.call_hash != call_hash(call.tool_name, call.args_as_dict()):
            results.approvals[call.tool_call_id] = ToolDenied(_CHANGED)
        else:
            results.approvals[call.tool_call_id] = ToolApproved()
            approved[call.tool_call_id] = approval.call_hash
    return results, approved
