"""The right to answer in a conversation: one run at a time, and what becomes of a run that died."""

from dataclasses import dataclass
from datetime import UTC

from xerus.assistant import store, use_store
from xerus.assistant.owners import Owners
from xerus.assistant.sealing import Sealing
from xerus.assistant.signals import Signals
from xerus.assistant.store import RunRow
from xerus.assistant.turns import Cut, Turn
from xerus.clock import Clock
from xerus.db.database import Connection
from xerus.errors import Conflict
from xerus.ids import UserId, new_id


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to write turn `n` of a conversation; `model` was chosen for it, '' if none was."""

    user_id: UserId
    conversation_id: str
    run_id: str
    n: int
    model: str = ""


class Leases:
    """Takes, renews and ends leases, each within the caller's transaction."""

    def __init__(self, *, sealing: Sealing, owners: Owners, signals: Signals, clock: Clock) -> None:
        self._sealing = sealing
        self._owners = owners
        self._signals = signals
        self._clock = clock

    async def current(self, conn: Connection, user_id: UserId, key: str) -> RunRow | None:
        """Return the run that answers at present.

        One whose process is gone is ended here: its turn says that it was interrupted, whoever
        looks first.
        """
        found = await store.run(conn, user_id=user_id, conversation_id=key)
        if found is None or not await self._is_over(conn, found):
            return found
        await store.lock(conn, user_id=user_id, conversation_id=key)
        again = await store.run(conn, user_id=user_id, conversation_id=key)
        # Somebody else may have ended it meanwhile, or its own process renewed it.
        if again is None or again.id != found.id or again.expired != found.expired:
            return again
        await self._interrupted(conn, user_id, key, found)
        return None

    async def take(self, conn: Connection, user_id: UserId, key: str) -> Lease:
        """Take the lease of a conversation, for its next turn.

        Raises:
            Conflict: another run has it.
        """
        run_id = new_id()
        model = await store.begin_run(
            conn,
            user_id=user_id,
            conversation_id=key,
            run_id=run_id,
            owner=self._owners.own,
            now=self._clock.now(),
        )
        if model is None:
            raise still_running()
        n = await store.next_turn(conn, user_id=user_id, conversation_id=key)
        return Lease(user_id=user_id, conversation_id=key, run_id=run_id, n=n, model=model)

    async def keep(self, conn: Connection, lease: Lease) -> bool:
        """Renew a lease; return whether its run shall stop.

        Raises:
            Conflict: it was lost.
        """
        stop = await store.keep_run(
            conn,
            user_id=lease.user_id,
            conversation_id=lease.conversation_id,
            run_id=lease.run_id,
        )
        if stop is None:
            raise _lost()
        return stop

    async def end(self, conn: Connection, lease: Lease) -> None:
        """Give a lease back.

        Raises:
            Conflict: it was lost.
        """
        ended = await store.end_run(
            conn,
            user_id=lease.user_id,
            conversation_id=lease.conversation_id,
            run_id=lease.run_id,
        )
        if not ended:
            raise _lost()

    async def close(self, conn: Connection, lease: Lease, turn: Turn) -> None:
        """Give a lease back with the turn as it ended, and count what it used.

        Raises:
            Conflict: it was lost.
        """
        await self.end(conn, lease)
        await self.put(conn, lease, turn)
        if turn.spent is not None:
            await use_store.add(
                conn,
                user_id=lease.user_id,
                day=self._clock.now().astimezone(UTC).date(),
                model=turn.model,
                spent=turn.spent,
                messages=int(turn.is_message),
            )

    async def put(self, conn: Connection, lease: Lease, turn: Turn) -> int:
        """Write the turn of a lease, and wake who looks at it; return its size in bytes."""
        content = await self._sealing.turn(lease.user_id, lease.conversation_id, lease.n, turn)
        await store.put_turn(
            conn,
            user_id=lease.user_id,
            conversation_id=lease.conversation_id,
            n=lease.n,
            content=content,
        )
        await self._signals.changed(conn, lease.conversation_id)
        return len(content)

    async def _is_over(self, conn: Connection, found: RunRow) -> bool:
        return found.expired or await self._owners.is_gone(conn, found.owner)

    async def _interrupted(
        self, conn: Connection, user_id: UserId, key: str, found: RunRow
    ) -> None:
        # The process may have ended between its last save and the end of the lease: nobody knows
        # whether it said everything, so the turn does not claim it.
        n = await store.next_turn(conn, user_id=user_id, conversation_id=key) - 1
        lease = Lease(user_id=user_id, conversation_id=key, run_id=found.id, n=n)
        sealed = await store.turn(conn, user_id=user_id, conversation_id=key, n=n)
        turn = await self._sealing.open_turn(user_id, key, n, sealed)
        turn.cut_off(turn.cut or Cut.INTERRUPTED)
        await self.close(conn, lease, turn)


def still_running() -> Conflict:
    """Return the error of a message that came while an answer was being written."""
    return Conflict(
        "Xerus is still answering in this conversation.",
        code="still_answering",
        hint="Wait for the answer or stop it, then send your message again.",
    )


def _lost() -> Conflict:
    return Conflict(
        "This answer took so long that another one was begun.",
        hint="Open the conversation again to see where it stands.",
    )
