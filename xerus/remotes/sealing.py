"""Secrets of servers, and of people at servers, bound to their rows."""

from pydantic import SecretStr

from xerus.ids import RemoteServerId
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

PROVIDER = "mcp-server"


class Secrets:
    """Seals and opens the secrets of servers: the shared key, the client's secret, and so on."""

    def __init__(self, *, vault: Vault) -> None:
        self._vault = vault

    async def seal(self, secret: SecretStr, server_id: RemoteServerId, column: str) -> bytes:
        """Seal a secret for its column."""
        return await self._vault.seal(
            secret.get_secret_value().encode(), _binding(server_id, column)
        )

    async def open(self, sealed: bytes, server_id: RemoteServerId, column: str) -> SecretStr:
        """Return a secret.

        Raises:
            SealBroken: it was changed, or stands in another row.
        """
        return SecretStr((await self._vault.open(sealed, _binding(server_id, column))).decode())


def _binding(server_id: RemoteServerId, column: str) -> Binding:
    return Binding(table="remote_servers", column=column, row_id=server_id, provider=PROVIDER)
