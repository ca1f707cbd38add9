"""Conversations that were not used for long leave the database; the worker's loop calls it.

Knows neither model nor vault: nothing is opened to be deleted.
"""

from collections import Counter
from datetime import datetime

from xerus.assistant import conversation_store as kept
from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.db.database import Database
from xerus.db.roles import Role

_AT_ONCE = 100
"""Small: the chain of the audit log is locked while a transaction tells each person's count."""


async def remove_unused(db: Database, audit: AuditLog, before: datetime) -> int:
    """Delete conversations last used before an instant, 100 at most; return how many.

    Turns and approvals go with them, in the transaction of an event for each person concerned.

    Raises:
        Unavailable: the database does not answer.
    """
    async with db.transaction(Role.GATE) as conn:
        owners = await kept.forget(conn, before=before, limit=_AT_ONCE)
        for user_id, conversations in Counter(owners).items():
            await audit.record(
                conn,
                Event.CONVERSATIONS_REMOVED,
                user_id=user_id,
                conversations=conversations,
                before=before.isoformat(timespec="seconds"),
            )
    return len(owners)
