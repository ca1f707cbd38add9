"""How far an installation is set up, by its running settings and its database."""

from collections.abc import Sequence

from xerus.accounts import store as accounts
from xerus.accounts.users import AdminRule
from xerus.app.foundation import Foundation
from xerus.connections import overview
from xerus.db.roles import Role
from xerus.grants import client_store
from xerus.remotes.administration import Servers
from xerus.settings.readiness import Part, parts
from xerus.web.checklist import Facts


class Readiness:
    """Implements `web.checklist.Readiness`."""

    def __init__(self, *, base: Foundation, admins: AdminRule, servers: Servers) -> None:
        self._settings = base.settings
        self._db = base.db
        self._admins = admins
        self._servers = servers

    @property
    def parts(self) -> Sequence[Part]:
        """What is set, and what is not; names alone."""
        return parts(self._settings)

    async def facts(self) -> Facts:
        """Look at the settings and the database."""
        settings = self._settings
        async with self._db.transaction(Role.GATE) as conn:
            signed_in = await accounts.anybody_signed_in(conn)
            named = await accounts.named_administrators(conn)
            used = await client_store.any_used(conn)
        async with self._db.transaction(Role.WORKER) as conn:
            connected = await overview.anybody_connected(conn)
        users = [accounts.user_from(row, self._admins) for row in named]
        return Facts(
            parts=self.parts,
            people_signed_in=signed_in,
            administrators=sum(user.is_admin and not user.is_local for user in users),
            connected=connected,
            own_database=settings.database.url is not None,
            key_service=settings.vault.key_provider.kind != "file",
            audit_days=settings.audit.days,
            chat_days=settings.assistant.days,
            used_client=used,
            servers=sum(line.row.enabled for line in await self._servers.all()),
        )
