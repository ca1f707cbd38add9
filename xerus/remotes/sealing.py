"""Secrets of servers, and of people at servers, bound to their rows."""

from pydantic import SecretStr

from xerus.ids import ConnectionId, RemoteServerId, UserId
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


class Keys:
    """Seals and opens people's tokens and keys, in the form that `connections` renews them."""

    def __init__(self, *, vault: Vault) -> None:
        self._vault = vault

    async def seal(
        self,
        secret: SecretStr,
        user_id: UserId,
        connection_id: ConnectionId,
        column: str = "access_token",
    ) -> bytes:
        """Seal a secret of a person's row."""
        binding = _of_person(user_id, connection_id, column)
        return await self._vault.seal(secret.get_secret_value().encode(), binding)

    async def open(
        self,
        sealed: bytes,
        user_id: UserId,
        connection_id: ConnectionId,
        column: str = "access_token",
    ) -> SecretStr:
        """Return a secret. Raises SealBroken."""
        binding = _of_person(user_id, connection_id, column)
        return SecretStr((await self._vault.open(sealed, binding)).decode())


def _of_person(user_id: UserId, connection_id: ConnectionId, column: str) -> Binding:
    return Binding(
        table="remote_credentials",
        column=column,
        row_id=connection_id,
        user_id=user_id,
        provider=PROVIDER,
    )


def _binding(server_id: RemoteServerId, column: str) -> Binding:
    return Binding(table="remote_servers", column=column, row_id=server_id, provider=PROVIDER)
