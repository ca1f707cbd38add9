"""A caller's past tool calls out of the audit log."""

from collections.abc import Sequence
from datetime import datetime

from xerus.audit.events import Event
from xerus.audit.log import AuditLog, AuditRow
from xerus.ids import UserId
from xerus.tools.own_activity import PastCall

_ENDS = (Event.CALL_FINISHED, Event.CALL_REFUSED)


class AuditedCalls:
    """Implements `tools.own_activity.CallHistory` for one person; nobody else's rows are seen."""

    def __init__(self, *, audit: AuditLog, user_id: UserId | None) -> None:
        self._audit = audit
        self._user_id = user_id

    async def calls(
        self,
        *,
        tool: str,
        item: str,
        since: datetime | None,
        before: datetime | None,
        limit: int,
    ) -> Sequence[PastCall]:
        """Return calls from `since` on and older than `before`, the newest first."""
        if self._user_id is None:
            return []
        await self._audit.settle()
        asked = {"tool": tool, "target": item}
        rows = await self._audit.recent(
            self._user_id,
            limit=limit,
            since=since,
            before=before,
            events=_ENDS,
            **{name: value for name, value in asked.items() if value},
        )
        return [_call(row) for row in rows]


def _call(row: AuditRow) -> PastCall:
    facts = {name: str(value) for name, value in row.facts.items() if value is not None}
    return PastCall(
        at=row.at,
        tool=facts.get("tool", ""),
        item=facts.get("target", ""),
        outcome=facts.get("outcome") or facts.get("cause", ""),
        client=facts.get("client_name", ""),
        site=facts.get("site", ""),
        account=facts.get("account", ""),
    )
