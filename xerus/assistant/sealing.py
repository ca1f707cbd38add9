"""Opens and seals what the assistant's tables hold; each value opens only in its own row."""

from collections.abc import Sequence
from typing import Any

from xerus.assistant.approvals import Approval, Approvals, Decision, Kind, More
from xerus.assistant.turns import Turn
from xerus.ids import UserId
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault


class Sealing:
    """The vault, for conversations."""

    def __init__(self, *, vault: Vault) -> None:
        self._vault = vault

    async def title(self, user_id: UserId, conversation_id: str, title: str) -> bytes:
        """Seal a title."""
        return await self._vault.seal(title.encode(), _title(user_id, conversation_id))

    async def open_title(self, user_id: UserId, conversation_id: str, sealed: bytes) -> str:
        """Open a title."""
        return (await self._vault.open(sealed, _title(user_id, conversation_id))).decode()

    async def turn(self, user_id: UserId, conversation_id: str, n: int, turn: Turn) -> bytes:
        """Seal a turn."""
        return await self._vault.seal(turn.to_json(), _turn(user_id, conversation_id, n))

    async def open_turns(
        self, user_id: UserId, conversation_id: str, sealed: Sequence[bytes]
    ) -> list[Turn]:
        """Open all turns of a conversation, given in order."""
        return [
            await self.open_turn(user_id, conversation_id, n, content)
            for n, content in enumerate(sealed)
        ]

    async def open_plain(
        self, user_id: UserId, conversation_id: str, sealed: Sequence[bytes]
    ) -> list[bytes]:
        """Open all turns of a conversation, given in order, as the JSON that was stored."""
        return [
            await self._vault.open(content, _turn(user_id, conversation_id, n))
            for n, content in enumerate(sealed)
        ]

    async def open_turn(self, user_id: UserId, conversation_id: str, n: int, sealed: bytes) -> Turn:
        """Open one turn."""
        return Turn.from_json(await self._vault.open(sealed, _turn(user_id, conversation_id, n)))

    async def call(
        self, user_id: UserId, conversation_id: str, approval_id: str, call_hash: bytes
    ) -> bytes:
        """Seal the hash of an approved call.

        A bare hash of a short text could be guessed from a copy of the database.
        """
        return await self._vault.seal(call_hash, _call(user_id, conversation_id, approval_id))

    async def more(
        self, user_id: UserId, conversation_id: str, approval_id: str, more: More
    ) -> bytes:
        """Seal what a person changed of a call, and said of it."""
        return await self._vault.seal(more.to_json(), _more(user_id, conversation_id, approval_id))

    async def open_approvals(
        self, user_id: UserId, conversation_id: str, rows: Sequence[dict[str, Any]]
    ) -> Approvals:
        """Open the approvals of a conversation."""
        found: Approvals = {}
        for row in rows:
            binding = _call(user_id, conversation_id, row["id"])
            found[row["turn"], row["call_id"]] = Approval(
                id=row["id"],
                turn=row["turn"],
                call_id=row["call_id"],
                tool=row["tool"],
                call_hash=await self._vault.open(row["call"], binding),
                asked_at=row["asked_at"],
                decided_at=row["decided_at"],
                expires_at=row["expires_at"],
                decision=Decision(row["decision"]) if row["decision"] else None,
                kind=Kind(row["kind"]),
                more=await self._open_more(user_id, conversation_id, row),
            )
        return found

    async def _open_more(self, user_id: UserId, conversation_id: str, row: dict[str, Any]) -> More:
        if row["more"] is None:
            return More()
        binding = _more(user_id, conversation_id, row["id"])
        return More.from_json(await self._vault.open(row["more"], binding))


def _title(user_id: UserId, conversation_id: str) -> Binding:
    return Binding(table="conversations", column="title", row_id=conversation_id, user_id=user_id)


def _turn(user_id: UserId, conversation_id: str, n: int) -> Binding:
    row_id = f"{conversation_id}/{n}"
    return Binding(table="conversation_turns", column="content", row_id=row_id, user_id=user_id)


def _call(user_id: UserId, conversation_id: str, approval_id: str) -> Binding:
    row_id = f"{conversation_id}/{approval_id}"
    return Binding(table="approvals", column="call", row_id=row_id, user_id=user_id)


def _more(user_id: UserId, conversation_id: str, approval_id: str) -> Binding:
    row_id = f"{conversation_id}/{approval_id}"
    return Binding(table="approvals", column="more", row_id=row_id, user_id=user_id)
