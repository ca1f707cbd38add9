"""Calls that wait, in the transactions of the journal: each asked, decided and audited once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xerus.assistant import approval_store as store
from xerus.assistant.approvals import LIFE, Approval, Approvals, Decision, Kind, More
from xerus.assistant.calls import call_hash
from xerus.assistant.sealing import Sealing
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection
from xerus.ids import UserId, new_id

_ASKED = {Kind.APPROVAL: Event.APPROVAL_ASKED, Kind.CONNECTION: Event.CALL_HELD}
_OF_APPROVAL = {
    Decision.APPROVED: Event.APPROVAL_APPROVED,
    Decision.DECLINED: Event.APPROVAL_DECLINED,
}


class WaitingCalls:
    """The waits of conversations that the caller has locked."""

    def __init__(self, *, sealing: Sealing, audit: AuditLog, clock: Clock) -> None:
        self._sealing = sealing
        self._audit = audit
        self._clock = clock

    async def of(self, conn: Connection, user_id: UserId, conversation_id: str) -> Approvals:
        """Return every wait of a conversation.

        Raises:
            SealBroken: a stored one was changed.
        """
        rows = await store.of(conn, user_id=user_id, conversation_id=conversation_id)
        return await self._sealing.open_approvals(user_id, conversation_id, rows)

    async def undecided(
        self, conn: Connection, user_id: UserId, conversation_id: str
    ) -> list[Approval]:
        """Return those that nobody has decided about, whether or not they ran out."""
        found = await self.of(conn, user_id, conversation_id)
        return [one for one in found.values() if one.decision is None]

    async def ask(
        self,
        conn: Connection,
        user_id: UserId,
        conversation_id: str,
        *,
        turn: int,
        call_id: str,
        tool: str,
        kind: Kind,
        arguments: Mapping[str, Any],
        more: More,
    ) -> None:
        """Let a call wait from now on."""
        now, approval_id = self._clock.now(), new_id()
        wanted = call_hash(tool, arguments)
        await store.add(
            conn,
            user_id=user_id,
            approval_id=approval_id,
            conversation_id=conversation_id,
            turn=turn,
            call_id=call_id,
            tool=tool,
            kind=kind,
            call=await self._sealing.call(user_id, conversation_id, approval_id, wanted),
            more=await self._more(user_id, conversation_id, approval_id, more),
            asked_at=now,
            expires_at=now + LIFE,
        )
        facts = self._facts(conversation_id, approval_id, tool, wanted)
        facts["expires_at"] = (now + LIFE).isoformat(timespec="seconds")
        await self._audit.record(conn, _ASKED[kind], user_id=user_id, **facts)

    async def decide(
        self,
        conn: Connection,
        user_id: UserId,
        conversation_id: str,
        approval: Approval,
        decision: Decision,
        *,
        reason: str = "",
    ) -> None:
        """Decide about a call that nobody has decided about."""
        more = None
        if reason:
            told = replace(approval.more, reason=reason)
            more = await self._more(user_id, conversation_id, approval.id, told)
        decided = await store.decide(
            conn,
            user_id=user_id,
            approval_id=approval.id,
            decision=decision,
            more=more,
            now=self._clock.now(),
        )
        assert decided, "the conversation is locked, so nobody else decides"
        facts = self._facts(conversation_id, approval.id, approval.tool, approval.call_hash)
        facts["cause"] = decision.value
        facts["edited"] = approval.more.arguments is not None
        await self._audit.record(conn, _event(approval.kind, decision), user_id=user_id, **facts)

    async def edit(
        self,
        conn: Connection,
        user_id: UserId,
        conversation_id: str,
        approval: Approval,
        more: More,
    ) -> None:
        """Put changed arguments in the place of those that wait."""
        wanted = call_hash(approval.tool, more.arguments or {})
        sealed = await self._more(user_id, conversation_id, approval.id, more)
        assert sealed is not None
        edited = await store.edit(
            conn,
            user_id=user_id,
            approval_id=approval.id,
            call=await self._sealing.call(user_id, conversation_id, approval.id, wanted),
            more=sealed,
        )
        assert edited, "the conversation is locked, so nobody else decides"
        facts = self._facts(conversation_id, approval.id, approval.tool, wanted)
        await self._audit.record(conn, Event.APPROVAL_EDITED, user_id=user_id, **facts)

    async def _more(
        self, user_id: UserId, conversation_id: str, approval_id: str, more: More
    ) -> bytes | None:
        if more == More():
            return None
        return await self._sealing.more(user_id, conversation_id, approval_id, more)

    def _facts(
        self, conversation_id: str, approval_id: str, tool: str, wanted: bytes
    ) -> dict[str, Fact]:
        return {
            "conversation": conversation_id,
            "call": approval_id,
            "tool": tool[:80],
            "arguments_hash": self._audit.correlate(wanted.hex()),
        }


def _event(kind: Kind, decision: Decision) -> Event:
    if kind is Kind.CONNECTION:
        return Event.CALL_RESUMED if decision is Decision.APPROVED else Event.CALL_DROPPED
    return _OF_APPROVAL.get(decision, Event.APPROVAL_EXPIRED)
