"""A call that waits for a person, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

LIFE = timedelta(minutes=30)


class Decision(StrEnum):
    """How an approval ended. SUPERSEDED: the person wrote something else instead."""

    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One approval as stored.

    Attributes:
        id: what a page names it by; never the model's own id of the call.
        turn: number of the turn whose last response made the call.
        call_hash: `calls.call_hash` of what was shown.
    """

    id: str
    turn: int
    call_id: str
    tool: str
    call_hash: bytes
    expires_at: datetime
    decision: Decision | None

    def waits(self, now: datetime) -> bool:
        """Whether the person can still decide."""
        return self.decision is None and now < self.expires_at


Approvals: TypeAlias = dict[tuple[int, str], Approval]
"""The approvals of a conversation by turn and the model's id of the call."""
