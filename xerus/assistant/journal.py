"""Everything the assistant stores and reads back, one transaction per step."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pydantic_ai.messages import ToolCallPart

from xerus.assistant import store
from xerus.assistant.approvals import LIFE, Approval, Approvals, Decision
from xerus.assistant.calls import call_hash
from xerus.assistant.conversations import checked_id, no_such_conversation
from xerus.assistant.exchanges import ALREADY_DONE, asked, changed_something, last_asked
from xerus.assistant.leases import Lease, Leases, still_running
from xerus.assistant.owners import Owners
from xerus.assistant.sealing import Sealing
from xerus.assistant.signals import Signals
from xerus.assistant.titles import title_of
from xerus.assistant.turns import Turn, prompt_of
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import Conflict
from xerus.ids import UserId, new_id
from xerus.vault.service import Vault

_EVENTS = {
    Decision.APPROVED: Event.APPROVAL_APPROVED,
    Decision.DECLINED: Event.APPROVAL_DECLINED,
    Decision.EXPIRED: Event.APPROVAL_EXPIRED,
    Decision.SUPERSEDED: Event.APPROVAL_EXPIRED,
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """A conversation as it stands.

    `running` while a run works on its last turn; `stopping` when it was asked to end.
    """

    turns: list[Turn]
    approvals: Approvals
    running: bool
    stopping: bool = False


class Journal:
    """Conversations in the database, sealed."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        clock: Clock,
        owners: Owners,
        signals: Signals,
    ) -> None:
        self._db = db
        self._sealing = Sealing(vault=vault)
        self._leases = Leases(sealing=self._sealing, owners=owners, signals=signals, clock=clock)
        self._signals = signals
        self._audit = audit
        self._clock = clock

    async def read(self, user_id: UserId, conversation_id: str) -> Content:
        """Return a conversation.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
            SealBroken: the stored content was changed.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await self._require(conn, user_id, key)
            run = await self._leases.current(conn, user_id, key)
            turns = await store.turns(conn, user_id=user_id, conversation_id=key)
            approvals = await store.approvals(conn, user_id=user_id, conversation_id=key)
        return Content(
            turns=await self._sealing.open_turns(user_id, key, turns),
            approvals=await self._sealing.open_approvals(user_id, key, approvals),
            running=run is not None,
            stopping=run is not None and run.stop,
        )

    async def is_running(self, user_id: UserId, conversation_id: str) -> bool:
        """Return whether an answer is being written.

        Raises:
            NotFound: there is no such conversation of this person.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await self._require(conn, user_id, key)
            return await self._leases.current(conn, user_id, key) is not None

    async def begin_message(self, user_id: UserId, conversation_id: str | None, text: str) -> Lease:
        """Store a message and take the right to answer it; calls that wait are superseded.

        Raises:
            NotFound: there is no such conversation of this person.
            Conflict: an answer is still being written.
        """
        key = checked_id(conversation_id) if conversation_id else new_id()
        title = b"" if conversation_id else await self._sealing.title(user_id, key, title_of(text))
        now = self._clock.now()
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if not conversation_id:
                await store.add_conversation(
                    conn, user_id=user_id, conversation_id=key, title=title, now=now
                )
            if await self._locked(conn, user_id, key):
                raise still_running()
            lease = await self._leases.take(conn, user_id, key)
            await self._leases.put(conn, lease, prompt_of(text))
            await self._supersede(conn, user_id, key)
        return lease

    async def begin_again(self, user_id: UserId, conversation_id: str) -> tuple[Lease, str]:
        """Store the person's last message once more and take the right to answer it.

        What it led to is set aside, and no longer told to the model, unless it has changed
        something: then it stays, and the message is `ALREADY_DONE`, so that nothing happens twice.

        Raises:
            NotFound: there is no such conversation of this person, or no message in it.
            Conflict: an answer is still being written.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if await self._locked(conn, user_id, key):
                raise still_running()
            sealed = await store.turns(conn, user_id=user_id, conversation_id=key)
            turns = await self._sealing.open_turns(user_id, key, sealed)
            begun = last_asked(turns)
            if begun is None:
                raise no_such_conversation()
            text = asked(turns[begun]) or ""
            lease = await self._leases.take(conn, user_id, key)
            if changed_something(turns, await self._approvals(conn, user_id, key), begun):
                text = ALREADY_DONE
            else:
                for n, turn in enumerate(turns[begun:], begun):
                    await self._leases.put(conn, replace(lease, n=n), replace(turn, aside=True))
            await self._leases.put(conn, lease, prompt_of(text))
            await self._supersede(conn, user_id, key)
        return lease, text

    async def begin_decision(
        self, user_id: UserId, conversation_id: str, approval_id: str, *, approve: bool
    ) -> Lease | None:
        """Decide about one call; return the right to go on, None while others still wait.

        None also where it was decided the same way before: a second click changes nothing. An
        approval that has run out is recorded as expired, whatever the click said.

        Raises:
            NotFound: there is no such approval of this person.
            Conflict: an answer is being written, or it was decided the other way.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            running = await self._locked(conn, user_id, key)
            found = await self._approvals(conn, user_id, key)
            chosen = next((one for one in found.values() if one.id == approval_id), None)
            if chosen is None:
                raise no_such_conversation()
            if chosen.decision is not None:
                _check_same(chosen.decision, approve=approve)
                return None
            if running:
                raise still_running()
            await self._settle(conn, user_id, key, chosen, approve=approve)
            others = [one for one in found.values() if one.turn == chosen.turn and one != chosen]
            if any(one.waits(self._clock.now()) for one in others):
                return None
            for late in (one for one in others if one.decision is None):
                await self._record(conn, user_id, key, late, Decision.EXPIRED)
            lease = await self._leases.take(conn, user_id, key)
            await self._leases.put(conn, lease, Turn())
        return lease

    async def run_out(self, user_id: UserId) -> None:
        """Let every approval of a person that still waits run out at once."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.run_out(conn, user_id=user_id, now=self._clock.now())

    async def save(self, lease: Lease, turn: Turn) -> tuple[int, bool]:
        """Keep what there is of a turn under way; return its size, and whether the run shall stop.

        Raises:
            Conflict: the lease was lost.
        """
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            stop = await self._leases.keep(conn, lease)
            return await self._leases.put(conn, lease, turn), stop

    async def renew(self, lease: Lease) -> bool:
        """Keep the lease while nothing is written; return whether the run shall stop.

        Raises:
            Conflict: the lease was lost.
        """
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            return await self._leases.keep(conn, lease)

    async def ask_to_stop(self, user_id: UserId, conversation_id: str) -> str:
        """Ask the run of a conversation to end; return its id, '' where none answers.

        Raises:
            NotFound: there is no such conversation of this person.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await self._require(conn, user_id, key)
            run = await self._leases.current(conn, user_id, key)
            if run is None:
                return ""
            await store.ask_to_stop(conn, user_id=user_id, conversation_id=key, run_id=run.id)
            await self._signals.stop(conn, run.id)
            await self._signals.changed(conn, key)
        return run.id

    async def finish(self, lease: Lease, turn: Turn, waiting: Sequence[ToolCallPart]) -> None:
        """Store the finished turn with the calls that wait for approval; give the lease back.

        Raises:
            Conflict: the lease was lost; nothing was stored.
        """
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            await self._leases.end(conn, lease)
            await self._leases.put(conn, lease, turn)
            for call in waiting:
                await self._ask(conn, lease, call)

    async def abandon(self, lease: Lease) -> None:
        """Give the lease back without storing anything, if it is still ours."""
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            with suppress(Conflict):
                await self._leases.end(conn, lease)

    async def _require(self, conn: Connection, user_id: UserId, key: str) -> None:
        if not await store.exists(conn, user_id=user_id, conversation_id=key):
            raise no_such_conversation()

    async def _locked(self, conn: Connection, user_id: UserId, key: str) -> bool:
        """Hold the conversation until the transaction ends; return whether a run is under way."""
        await store.lock(conn, user_id=user_id, conversation_id=key)
        await self._require(conn, user_id, key)
        return await self._leases.current(conn, user_id, key) is not None

    async def _ask(self, conn: Connection, lease: Lease, call: ToolCallPart) -> None:
        now, approval_id = self._clock.now(), new_id()
        wanted = call_hash(call.tool_name, call.args_as_dict())
        user_id, key = lease.user_id, lease.conversation_id
        await store.add_approval(
            conn,
            user_id=user_id,
            approval_id=approval_id,
            conversation_id=key,
            turn=lease.n,
            call_id=call.tool_call_id,
            tool=call.tool_name,
            call=await self._sealing.call(user_id, key, approval_id, wanted),
            asked_at=now,
            expires_at=now + LIFE,
        )
        facts = self._facts(key, approval_id, call.tool_name, wanted)
        facts["expires_at"] = (now + LIFE).isoformat(timespec="seconds")
        await self._audit.record(conn, Event.APPROVAL_ASKED, user_id=user_id, **facts)

    async def _supersede(self, conn: Connection, user_id: UserId, key: str) -> None:
        """Let nothing wait for approval any more: the person has gone on without it."""
        for approval in await self._undecided(conn, user_id, key):
            late = self._clock.now() >= approval.expires_at
            decision = Decision.EXPIRED if late else Decision.SUPERSEDED
            await self._record(conn, user_id, key, approval, decision)

    async def _settle(
        self, conn: Connection, user_id: UserId, key: str, approval: Approval, *, approve: bool
    ) -> None:
        decision = Decision.APPROVED if approve else Decision.DECLINED
        if not approval.waits(self._clock.now()):
            decision = Decision.EXPIRED
        await self._record(conn, user_id, key, approval, decision)

    async def _record(
        self, conn: Connection, user_id: UserId, key: str, approval: Approval, decision: Decision
    ) -> None:
        decided = await store.decide(
            conn,
            user_id=user_id,
            approval_id=approval.id,
            decision=decision,
            now=self._clock.now(),
        )
        assert decided, "the conversation is locked, so nobody else decides"
        facts = self._facts(key, approval.id, approval.tool, approval.call_hash)
        facts["cause"] = decision.value
        await self._audit.record(conn, _EVENTS[decision], user_id=user_id, **facts)

    def _facts(self, key: str, approval_id: str, tool: str, wanted: bytes) -> dict[str, Fact]:
        return {
            "conversation": key,
            "call": approval_id,
            "tool": tool[:80],
            "arguments_hash": self._audit.correlate(wanted.hex()),
        }

    async def _approvals(self, conn: Connection, user_id: UserId, key: str) -> Approvals:
        rows = await store.approvals(conn, user_id=user_id, conversation_id=key)
        return await self._sealing.open_approvals(user_id, key, rows)

    async def _undecided(self, conn: Connection, user_id: UserId, key: str) -> list[Approval]:
        found = await self._approvals(conn, user_id, key)
        return [approval for approval in found.values() if approval.decision is None]


def _check_same(decision: Decision, *, approve: bool) -> None:
    match decision:
        case Decision.APPROVED if not approve:
            raise Conflict("This was already approved.", hint="Reload the page to see the result.")
        case Decision.DECLINED if approve:
            raise Conflict(
                "This was already declined and was not run.",
                hint="Ask for it again if you want it.",
            )
        case _:
            return
