"""Which stored secrets outlive a key rotation and are sealed anew by it.

Sign-ins and authorization requests are sealed too, but are over within ten minutes.
"""

from xerus.app.foundation import Foundation
from xerus.db.roles import Role
from xerus.ids import UserId
from xerus.vault.resealing import SealedColumn, reseal


def _columns(issuer: str) -> tuple[SealedColumn, ...]:
    def column(
        table: str, name: str, *key: str, provider: str = "", role: Role = Role.APP
    ) -> SealedColumn:
        return SealedColumn(table=table, column=name, key=key, provider=provider, role=role)

    worker = Role.WORKER
    return (
        *(
            column("credentials", name, "connection_id", provider="atlassian", role=worker)
            for name in ("access_token", "refresh_token")
        ),
        column("identities", "refresh_token", "user_id", provider=issuer, role=worker),
        column("conversations", "title", "id"),
        column("conversation_turns", "content", "conversation_id", "n"),
        column("approvals", "call", "conversation_id", "id"),
    )


async def reseal_everything(base: Foundation) -> dict[str, int]:
    """Seal every lasting secret anew; return how many per column.

    Raises:
        SealBroken: a stored value does not open; what was done before it stays done.
    """
    async with base.db.transaction(Role.GATE) as conn:
        rows = await (await conn.execute("SELECT id FROM users")).fetchall()
    users = [UserId(str(row["id"])) for row in rows]
    issuer = base.settings.identity.expected_issuer or ""
    return {
        f"{column.table}.{column.column}": await reseal(base.db, base.vault, column, users)
        for column in _columns(issuer)
    }
