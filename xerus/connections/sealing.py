"""Tokens and verifiers on their way into and out of their rows, bound to exactly these rows."""

import random
from datetime import timedelta

from pydantic import SecretStr

from xerus.connections.lease import Lease
from xerus.connections.provider import TokenSet
from xerus.connections.store import ConnectionRow, SealedTokens
from xerus.connections.tables import Tables
from xerus.ids import ConnectionId, FlowId, UserId
from xerus.vault.envelope import Binding
from xerus.vault.service import Vault

_RENEW_AT = 0.8
_JITTER = 0.1
_MARGIN_SECONDS = 300.0
"""Renewed at least this long before the end, where the token lives long enough for it."""


class Sealer:
    """Seals and opens what the tables of one kind of connection keep."""

    def __init__(self, *, vault: Vault, tables: Tables) -> None:
        self._vault = vault
        self._tables = tables

    async def seal_tokens(
        self,
        user_id: UserId,
        connection_id: ConnectionId,
        tokens: TokenSet,
        refresh_token: SecretStr,
    ) -> SealedTokens:
        """Seal a pair; `refresh_token` is the old one where the answer brought none."""
        access = self._tokens_of(user_id, connection_id, "access_token")
        refresh = self._tokens_of(user_id, connection_id, "refresh_token")
        return SealedTokens(
            access_token=await self._seal(tokens.access_token, access),
            refresh_token=await self._seal(refresh_token, refresh),
            issued_at=tokens.requested_at,
            access_expires_at=tokens.requested_at + timedelta(seconds=tokens.expires_in),
            renew_after=tokens.requested_at + ahead(tokens.expires_in),
        )

    async def open_access(self, row: ConnectionRow) -> SecretStr | None:
        """Return the access token of a row, None when it is erased."""
        if row.access_token is None:
            return None
        binding = self._tokens_of(row.user_id, row.connection_id, "access_token")
        return await self._open(row.access_token, binding)

    async def open_refresh(self, lease: Lease) -> SecretStr:
        """Return the refresh token that a lease allows to spend."""
        binding = self._tokens_of(lease.user_id, lease.connection_id, "refresh_token")
        return await self._open(lease.refresh_token, binding)

    async def seal_verifier(self, user_id: UserId, flow_id: FlowId, verifier: SecretStr) -> bytes:
        """Seal the PKCE verifier of an attempt to connect."""
        return await self._seal(verifier, self._verifier_of(user_id, flow_id))

    async def open_verifier(self, user_id: UserId, flow_id: FlowId, sealed: bytes) -> SecretStr:
        """Return the PKCE verifier of an attempt to connect."""
        return await self._open(sealed, self._verifier_of(user_id, flow_id))

    async def _seal(self, secret: SecretStr, binding: Binding) -> bytes:
        return await self._vault.seal(secret.get_secret_value().encode(), binding)

    async def _open(self, sealed: bytes, binding: Binding) -> SecretStr:
        return SecretStr((await self._vault.open(sealed, binding)).decode())

    def _tokens_of(self, user_id: UserId, connection_id: ConnectionId, column: str) -> Binding:
        return Binding(
            table=self._tables.credentials,
            column=column,
            row_id=connection_id,
            user_id=user_id,
            provider=self._tables.provider,
        )

    def _verifier_of(self, user_id: UserId, flow_id: FlowId) -> Binding:
        return Binding(
            table=self._tables.flows,
            column="code_verifier",
            row_id=flow_id,
            user_id=user_id,
            provider=self._tables.provider,
        )


def ahead(seconds: int) -> timedelta:
    """When to renew: 80 % of life less up to 10 % jitter, so that grants do not come in step."""
    share = _RENEW_AT - random.uniform(0, _JITTER)  # noqa: S311 - spreads load, guards nothing
    point = share * seconds
    if seconds >= 2 * _MARGIN_SECONDS:
        point = min(point, seconds - _MARGIN_SECONDS)
    return timedelta(seconds=point)
