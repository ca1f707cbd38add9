"""Which stored secrets outlive a key rotation and are sealed anew by it, and when a key ends.

Sign-ins, authorization requests and attempts to connect are sealed too, but are over within ten
minutes.
"""

import asyncio
from collections.abc import Iterator

from xerus.app.foundation import Foundation
from xerus.connections.links import Link
from xerus.connections.tables import provider_of
from xerus.db.roles import Role
from xerus.errors import Unavailable
from xerus.ids import UserId
from xerus.remotes import store as remotes
from xerus.remotes.sealing import PROVIDER as OF_SERVERS
from xerus.telemetry.logs import logger
from xerus.vault.resealing import Pass, SealedColumn, reseal

log = logger(__name__)

_MOST_PASSES = 90
_PAUSE_SECONDS = 1.0
"""A process that a notification did not reach seals with the old key for a minute at most."""


def lasting(issuer: str) -> Iterator[SealedColumn]:
    """Yield every column of lasting secrets; `issuer` is the identity provider's."""
    for link in Link:
        for name in ("access_token", "refresh_token"):
            yield SealedColumn(
                table="credentials",
                column=name,
                key=("connection_id",),
                provider=provider_of(link),
                role=Role.WORKER,
                only=("link", link),
            )
    for name in ("access_token", "refresh_token"):
        yield SealedColumn(
            table="remote_credentials",
            column=name,
            key=("connection_id",),
            provider=OF_SERVERS,
            role=Role.WORKER,
        )
    for name in remotes.SEALED:
        yield SealedColumn(
            table="remote_servers",
            column=name,
            key=("id",),
            provider=OF_SERVERS,
            role=Role.WORKER,
            of_people=False,
        )
    yield SealedColumn(
        table="identities",
        column="refresh_token",
        key=("user_id",),
        provider=issuer,
        role=Role.WORKER,
    )
    for table, name, key in (
        ("conversations", "title", ("id",)),
        ("conversation_turns", "content", ("conversation_id", "n")),
        ("approvals", "call", ("conversation_id", "id")),
        ("approvals", "more", ("conversation_id", "id")),
    ):
        yield SealedColumn(table=table, column=name, key=key, provider="", role=Role.APP)


async def reseal_everything(base: Foundation) -> dict[str, Pass]:
    """Seal every lasting secret anew, until one pass finds nothing; return what was, per column.

    Raises:
        Unavailable: the database is away, or a process goes on to seal with an older key. What
            was done before it stays done.
    """
    whole: dict[str, Pass] = {}
    for _ in range(_MOST_PASSES):
        found = await _pass(base)
        for name, part in found.items():
            before = whole.get(name, Pass())
            whole[name] = Pass(
                anew=before.anew + part.anew,
                changed=before.changed + part.changed,
                broken=part.broken,
            )
        if all(part.clean for part in found.values()):
            if not any(part.broken for part in found.values()):
                await base.vault.finish_rotation()
            return whole
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Unavailable(
        "A process of Xerus goes on to seal with an older key.",
        hint="Run `xerus keys rotate` again; if that does not help, restart the serving processes.",
    )


async def destroy_unused_keys(base: Foundation) -> int:
    """Destroy the data keys that are long out of use and seal nothing; return how many."""
    retired = await base.vault.retired()
    if not retired:
        return 0
    # A value that was on its way to its row when a rotation ended is still on the old key.
    found = (await reseal_everything(base)).values()
    if any(part.broken for part in found):
        log.error("data_key_kept", values=sum(part.broken for part in found))
        return 0
    await base.vault.destroy(retired)
    log.warning("data_key_destroyed", keys=len(retired))
    return len(retired)


async def _pass(base: Foundation) -> dict[str, Pass]:
    async with base.db.transaction(Role.GATE) as conn:
        rows = await (await conn.execute("SELECT id FROM users")).fetchall()
    users = [UserId(str(row["id"])) for row in rows]
    found: dict[str, Pass] = {}
    for column in lasting(base.settings.identity.expected_issuer or ""):
        name = f"{column.table}.{column.column}"
        part = await reseal(base.db, base.vault, column, users)
        found[name] = found.get(name, Pass()) + part
    return found
