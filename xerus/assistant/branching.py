"""A conversation that begins as another one did: its first turns, copied into rows of its own.

What is sealed opens in its own row alone, so each value is opened and sealed anew. The two then have
nothing in common but that the copy names what it was made of.
"""

from collections.abc import Sequence
from dataclasses import replace

from xerus.assistant import approval_store, store
from xerus.assistant import conversation_store as kept
from xerus.assistant.approvals import Approval, Approvals, Decision, More
from xerus.assistant.conversations import checked_id, no_such_conversation
from xerus.assistant.exchanges import asked, end_of
from xerus.assistant.leases import still_running
from xerus.assistant.sealing import Sealing
from xerus.assistant.titles import title_of
from xerus.assistant.turns import Turn
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import NotFound
from xerus.ids import UserId, new_id
from xerus.vault.envelope import SealBroken
from xerus.vault.service import Vault


class Branching:
    """Copies the beginning of conversations; runs nothing."""

    def __init__(self, *, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._sealing = Sealing(vault=vault)
        self._clock = clock

    async def message(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        """Return what the person wrote at the beginning of a turn.

        Raises:
            NotFound: there is no such conversation of this person, or no message there.
        """
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            turns = await self._turns(conn, user_id, key)
        return _asked_at(turns, turn)

    async def before(self, user_id: UserId, conversation_id: str, turn: int, text: str) -> str:
        """Copy what came before the message of a turn, for `text` in its place; return the new id.

        Raises:
            NotFound: there is no such conversation of this person, or no message there.
        """
        return await self._branch(user_id, conversation_id, turn, instead=text)

    async def after(self, user_id: UserId, conversation_id: str, turn: int) -> str:
        """Copy everything up to the answer to the message of a turn; return the new id.

        A call that waits for approval does not wait in the copy: it would be asked for twice.

        Raises:
            NotFound: there is no such conversation of this person, or no message there.
            Conflict: that answer is still being written.
        """
        return await self._branch(user_id, conversation_id, turn, instead=None)

    async def undo(self, user_id: UserId, conversation_id: str) -> None:
        """Remove a branch whose first message was not taken."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await kept.delete(conn, user_id=user_id, ids=[conversation_id])

    async def _branch(
        self, user_id: UserId, conversation_id: str, turn: int, *, instead: str | None
    ) -> str:
        key, branch = checked_id(conversation_id), new_id()
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            await store.lock(conn, user_id=user_id, conversation_id=key)
            turns = await self._turns(conn, user_id, key)
            _asked_at(turns, turn)
            end = turn if instead is not None else end_of(turns, turn)
            if instead is None and end == len(turns) and await self._runs(conn, user_id, key):
                raise still_running()
            title = title_of(instead) if instead else await self._title(conn, user_id, key)
            await kept.add_branch(
                conn,
                user_id=user_id,
                conversation_id=branch,
                title=await self._sealing.title(user_id, branch, title),
                origin_id=key,
                origin_turn=turn,
                now=self._clock.now(),
            )
            await self._copy_turns(conn, user_id, branch, turns[:end])
            approvals = await self._approvals(conn, user_id, key)
            await self._copy_approvals(conn, user_id, branch, approvals, end)
        return branch

    async def _turns(self, conn: Connection, user_id: UserId, key: str) -> list[Turn]:
        if not await store.exists(conn, user_id=user_id, conversation_id=key):
            raise no_such_conversation()
        sealed = await store.turns(conn, user_id=user_id, conversation_id=key)
        return await self._sealing.open_turns(user_id, key, sealed)

    async def _runs(self, conn: Connection, user_id: UserId, key: str) -> bool:
        found = await store.run(conn, user_id=user_id, conversation_id=key)
        return found is not None and not found.expired

    async def _title(self, conn: Connection, user_id: UserId, key: str) -> str:
        row = await kept.row(conn, user_id=user_id, conversation_id=key, now=self._clock.now())
        assert row is not None, "the conversation is locked"
        try:
            return await self._sealing.open_title(user_id, key, row["title"])
        except SealBroken:
            return ""

    async def _approvals(self, conn: Connection, user_id: UserId, key: str) -> Approvals:
        rows = await approval_store.of(conn, user_id=user_id, conversation_id=key)
        return await self._sealing.open_approvals(user_id, key, rows)

    async def _copy_turns(
        self, conn: Connection, user_id: UserId, branch: str, turns: Sequence[Turn]
    ) -> None:
        for n, turn in enumerate(turns):
            sealed = await self._sealing.turn(user_id, branch, n, turn)
            await store.put_turn(conn, user_id=user_id, conversation_id=branch, n=n, content=sealed)

    async def _copy_approvals(
        self, conn: Connection, user_id: UserId, branch: str, approvals: Approvals, end: int
    ) -> None:
        now = self._clock.now()
        for approval in approvals.values():
            if approval.turn < end:
                copy = replace(approval, id=new_id())
                await self._add_approval(conn, user_id, branch, copy)
                await approval_store.decide(
                    conn,
                    user_id=user_id,
                    approval_id=copy.id,
                    decision=copy.decision or Decision.SUPERSEDED,
                    more=None,
                    now=copy.decided_at or now,
                )

    async def _add_approval(
        self, conn: Connection, user_id: UserId, branch: str, approval: Approval
    ) -> None:
        more = None
        if approval.more != More():
            more = await self._sealing.more(user_id, branch, approval.id, approval.more)
        await approval_store.add(
            conn,
            user_id=user_id,
            approval_id=approval.id,
            conversation_id=branch,
            turn=approval.turn,
            call_id=approval.call_id,
            tool=approval.tool,
            kind=approval.kind,
            call=await self._sealing.call(user_id, branch, approval.id, approval.call_hash),
            more=more,
            asked_at=approval.asked_at,
            expires_at=approval.expires_at,
        )


def _asked_at(turns: Sequence[Turn], n: int) -> str:
    text = asked(turns[n]) if 0 <= n < len(turns) and not turns[n].aside else None
    if text is None:
        raise NotFound(
            "There is no message of yours at this place of the conversation.",
            hint="Open the conversation again and choose a message in it.",
        )
    return text
