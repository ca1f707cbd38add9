"""What a person says about a call that waits."""

from dataclasses import dataclass
from typing import Literal

LONGEST_REASON = 500

Remember = Literal["", "here", "always", "block"]
"""What a person settles for a tool along with a decision; "here": in this conversation."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A decision about one call.

    Attributes:
        approval_id: `approvals.Approval.id`.
        shown: `Approval.shown` of the page on which they say it; '' for what waits for a connection.
        reason: why they decline, for the model; may be empty.
    """

    approval_id: str
    approve: bool
    shown: str = ""
    reason: str = ""
    remember: Remember = ""
