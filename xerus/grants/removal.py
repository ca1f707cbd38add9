"""The end of a registration and of all that was granted to its client."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from xerus.audit.events import Event
from xerus.audit.log import AuditLog
from xerus.db.database import Connection
from xerus.grants import client_store
from xerus.grants.clients import Source
from xerus.grants.families import Families
from xerus.ids import UserId

Cause = Literal["removed_by_client", "removed_from_file", "removed_by_administrator", "never_used"]

# Whoever keeps a registration ends it: what the operator's file lists would be back at the next
# start, and nobody else's registration is a client's to delete.
_MAY_END: Mapping[Cause, frozenset[Source]] = MappingProxyType(
    {
        "removed_by_client": frozenset({"dynamic"}),
        "removed_from_file": frozenset({"file"}),
        "removed_by_administrator": frozenset({"administrator", "dynamic", "document"}),
        "never_used": frozenset({"administrator", "dynamic", "document"}),
    }
)


async def remove(
    conn: Connection,
    client_id: str,
    cause: Cause,
    *,
    families: Families,
    audit: AuditLog,
    by: UserId | None = None,
) -> bool:
    """Delete a registration and end all its grants, in every process once this is committed.

    Args:
        conn: a transaction of `families.transaction`.
        client_id: whose.
        cause: who wants it, and why.
        families: what ends the grants.
        audit: where it is written.
        by: the administrator.

    Returns:
        False where there is none, or it is not theirs to delete.
    """
    known = await client_store.find(conn, client_id)
    if known is None or known["source"] not in _MAY_END[cause]:
        return False
    # Before the lock on the client, as whoever answers a request takes them.
    await client_store.forget_allowed(conn, client_id)
    row = await client_store.lock(conn, client_id)
    if row is None:
        return False
    for family_id in await client_store.live_families(conn, client_id):
        await families.revoke(conn, family_id, "client_removed")
    await client_store.delete(conn, client_id)
    await audit.record(
        conn,
        Event.REGISTRATION_REMOVED,
        user_id=by,
        client=client_id,
        client_name=row["name"],
        cause=cause,
        kind=row["source"],
    )
    return True
