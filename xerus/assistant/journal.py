"""Everything the assistant stores and reads back, one transaction per step."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from xerus.assistant import approval_store, store
from xerus.assistant.approvals import Approval, Approvals, Decision, Kind, More
from xerus.assistant.conversations import checked_id, no_such_conversation
from xerus.assistant.exchanges import ALREADY_DONE, asked, changed_something, last_asked
from xerus.assistant.leases import Lease, Leases, still_running
from xerus.assistant.owners import Owners
from xerus.assistant.sealing import Sealing
from xerus.assistant.settling import Settling
from xerus.assistant.signals import Signals
from xerus.assistant.titles import title_of
from xerus.assistant.turns import CallNote, Turn, prompt_of
from xerus.assistant.verdicts import Verdict
from xerus.assistant.waiting_calls import WaitingCalls
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import Conflict, InvalidInput
from xerus.ids import UserId, new_id
from xerus.vault.service import Vault


@dataclass(frozen=True, kw_only=True)
class Content:
    """A conversation as it stands.

    `running` while a run works on its last turn; `stopping` when it was asked to end.
    """

    turns: list[Turn]
    approvals: Approvals
    running: bool
    stopping: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A call with which a run ended: `more` is what a person changed of it before."""

    call_id: str
    tool: str
    kind: Kind
    arguments: dict[str, Any]
    more: More


class Journal:
    """Conversations in the database, sealed."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        audit: AuditLog,
        settling: Settling,
        clock: Clock,
        owners: Owners,
        signals: Signals,
    ) -> None:
        self._db = db
        self._sealing = Sealing(vault=vault)
        self._leases = Leases(sealing=self._sealing, owners=owners, signals=signals, clock=clock)
        self._signals = signals
        self._settling = settling
        self._waiting = WaitingCalls(sealing=self._sealing, audit=audit, clock=clock)
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
            approvals = await approval_store.of(conn, user_id=user_id, conversation_id=key)
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

    async def begin_message(
        self, user_id: UserId, conversation_id: str | None, text: str, model: str = ""
    ) -> Lease:
        """Store a message and take the right to answer it; calls that wait are superseded.

        `model` answers in the conversation from now on; '' leaves it as it is.

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
            lease = await self._take(conn, user_id, key, model)
            await self._leases.put(conn, lease, prompt_of(text))
            await self._supersede(conn, user_id, key)
        return lease

    async def begin_again(
        self, user_id: UserId, conversation_id: str, model: str = ""
    ) -> tuple[Lease, str]:
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
            lease = await self._take(conn, user_id, key, model)
            if changed_something(turns, await self._waiting.of(conn, user_id, key), begun):
                text = ALREADY_DONE
            else:
                for n, turn in enumerate(turns[begun:], begun):
                    await self._leases.put(conn, replace(lease, n=n), replace(turn, aside=True))
            await self._leases.put(conn, lease, prompt_of(text))
            await self._supersede(conn, user_id, key)
        return lease, text

    async def begin_decision(
        self, user_id: UserId, conversation_id: str, verdicts: Sequence[Verdict]
    ) -> Lease | None:
        """Decide about calls; return the right to go on, None while others still wait.

        None also where all was decided the same way before: a second click changes nothing. A wait
        that has run out is recorded as expired, whatever the click said. All or nothing is decided.

        Raises:
            NotFound: there is no such wait of this person.
            Conflict: an answer is being written, or one was decided the other way, or is not the
                call any more that the page showed.
            InvalidInput: a tool that deletes is to be allowed, or approved among other calls.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            running = await self._locked(conn, user_id, key)
            found = await self._waiting.of(conn, user_id, key)
            undecided = [
                (chosen, verdict)
                for verdict in verdicts
                if (chosen := _chosen(found, verdict)).decision is None
            ]
            if not undecided:
                return None
            if running:
                raise still_running()
            notes = await self._notes(conn, user_id, key, [one for one, _ in undecided])
            _check_alone(
                [
                    (notes[one.id], verdict)
                    for one, verdict in undecided
                    if one.kind is Kind.APPROVAL
                ]
            )
            for chosen, verdict in undecided:
                await self._settle(conn, user_id, key, chosen, verdict, notes[chosen.id])
            decided = {chosen.id for chosen, _ in undecided}
            turn = undecided[-1][0].turn
            others = [
                one
                for one in found.values()
                if one.turn == turn and one.decision is None and one.id not in decided
            ]
            if any(one.waits(self._clock.now()) for one in others):
                return None
            for late in others:
                await self._waiting.decide(conn, user_id, key, late, Decision.EXPIRED)
            lease = await self._leases.take(conn, user_id, key)
            await self._leases.put(conn, lease, Turn())
        return lease

    async def edit(
        self, user_id: UserId, conversation_id: str, approval_id: str, *, shown: str, more: More
    ) -> None:
        """Put changed arguments in the place of those that wait for approval.

        Raises:
            NotFound: there is no such wait of this person.
            Conflict: it waits no more, or is not the call any more that the page showed.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            running = await self._locked(conn, user_id, key)
            found = await self._waiting.of(conn, user_id, key)
            verdict = Verdict(approval_id=approval_id, approve=True, shown=shown)
            chosen = _chosen(found, verdict)
            if running or chosen.kind is not Kind.APPROVAL or not chosen.waits(self._clock.now()):
                raise waits_no_more()
            await self._waiting.edit(conn, user_id, key, chosen, more)

    async def run_out(self, user_id: UserId) -> None:
        """End every wait for an approval of a person, who has disconnected Atlassian."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            for key in await approval_store.waiting_in(conn, user_id=user_id, kind=Kind.APPROVAL):
                await store.lock(conn, user_id=user_id, conversation_id=key)
                for one in await self._waiting.undecided(conn, user_id, key):
                    if one.kind is Kind.APPROVAL:
                        late = not one.waits(self._clock.now())
                        decision = Decision.EXPIRED if late else Decision.DISCONNECTED
                        await self._waiting.decide(conn, user_id, key, one, decision)

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

    async def finish(self, lease: Lease, turn: Turn, waiting: Sequence[Waiting]) -> None:
        """Store the finished turn with the calls that wait; give the lease back.

        Raises:
            Conflict: the lease was lost; nothing was stored.
        """
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            await self._leases.close(conn, lease, turn)
            for call in waiting:
                await self._waiting.ask(
                    conn,
                    lease.user_id,
                    lease.conversation_id,
                    turn=lease.n,
                    call_id=call.call_id,
                    tool=call.tool,
                    kind=call.kind,
                    arguments=call.arguments,
                    more=call.more,
                )

    async def abandon(self, lease: Lease) -> None:
        """Give the lease back without storing anything, if it is still ours."""
        async with self._db.transaction(Role.APP, user_id=lease.user_id) as conn:
            with suppress(Conflict):
                await self._leases.end(conn, lease)

    async def _require(self, conn: Connection, user_id: UserId, key: str) -> None:
        if not await store.exists(conn, user_id=user_id, conversation_id=key):
            raise no_such_conversation()

    async def _take(self, conn: Connection, user_id: UserId, key: str, model: str) -> Lease:
        """Take the lease of a locked conversation for a message, which may choose the model."""
        if model:
            await store.choose_model(conn, user_id=user_id, conversation_id=key, model=model)
        return await self._leases.take(conn, user_id, key)

    async def _locked(self, conn: Connection, user_id: UserId, key: str) -> bool:
        """Hold the conversation until the transaction ends; return whether a run is under way."""
        await store.lock(conn, user_id=user_id, conversation_id=key)
        await self._require(conn, user_id, key)
        return await self._leases.current(conn, user_id, key) is not None

    async def _supersede(self, conn: Connection, user_id: UserId, key: str) -> None:
        """Let nothing wait any more: the person has gone on without it."""
        for one in await self._waiting.undecided(conn, user_id, key):
            late = self._clock.now() >= one.expires_at
            decision = Decision.EXPIRED if late else Decision.SUPERSEDED
            await self._waiting.decide(conn, user_id, key, one, decision)

    async def _notes(
        self, conn: Connection, user_id: UserId, key: str, waits: Sequence[Approval]
    ) -> dict[str, CallNote]:
        """Return what was noted of calls that wait, by the id of the wait."""
        turns = {}
        for n in {one.turn for one in waits}:
            sealed = await store.turn(conn, user_id=user_id, conversation_id=key, n=n)
            turns[n] = await self._sealing.open_turn(user_id, key, n, sealed)
        return {one.id: turns[one.turn].calls[one.call_id] for one in waits}

    async def _settle(
        self,
        conn: Connection,
        user_id: UserId,
        key: str,
        approval: Approval,
        verdict: Verdict,
        note: CallNote,
    ) -> None:
        decision = Decision.APPROVED if verdict.approve else Decision.DECLINED
        if not approval.waits(self._clock.now()):
            decision = Decision.EXPIRED
        reason = verdict.reason if decision is Decision.DECLINED else ""
        await self._waiting.decide(conn, user_id, key, approval, decision, reason=reason)
        if verdict.remember and approval.kind is Kind.APPROVAL and decision is not Decision.EXPIRED:
            await self._settling.remember(conn, user_id, key, note, verdict.remember)


def waits_no_more() -> Conflict:
    """Return that a call cannot be changed."""
    return Conflict(
        "This call waits no more, so it cannot be changed.",
        hint="Open the conversation again to see what became of it.",
    )


def _chosen(found: Approvals, verdict: Verdict) -> Approval:
    """Return the wait that a verdict names, if the verdict can be about it as it stands."""
    chosen = next((one for one in found.values() if one.id == verdict.approval_id), None)
    if chosen is None:
        raise no_such_conversation()
    if chosen.decision is not None:
        _check_same(chosen.decision, approve=verdict.approve)
    elif verdict.approve and chosen.kind is Kind.APPROVAL and verdict.shown != chosen.shown:
        raise Conflict(
            "This call was changed in another window, so nothing was done.",
            hint="Reload the page, look at it again, then decide.",
        )
    return chosen


def _check_alone(decisions: Sequence[tuple[CallNote, Verdict]]) -> None:
    """Refuse to approve what deletes along with other calls."""
    approved = [note for note, verdict in decisions if verdict.approve]
    if len(approved) > 1 and any(note.deletes for note in approved):
        raise InvalidInput(
            "A call that deletes is approved by itself, so nothing was done.",
            hint="Reload the page and approve it with its own button.",
        )


def _check_same(decision: Decision, *, approve: bool) -> None:
    match decision:
        case Decision.APPROVED if not approve:
            raise Conflict("This was already approved.", hint="Reload the page to see the result.")
        case Decision.DECLINED if approve:
            raise Conflict(
                "This was already declined and was not run.",
                hint="Ask for it again if you want it.",
            )
        case Decision.DISCONNECTED if approve:
            raise Conflict(
                "Atlassian was disconnected after this was asked, so it was not run.",
                hint="Connect Atlassian under Tools, then ask for it again.",
            )
        case Decision.SUPERSEDED if approve:
            raise Conflict(
                "You wrote something else instead of approving this, so it was not run.",
                hint="Ask for it again if you want it.",
            )
        case _:
            return
