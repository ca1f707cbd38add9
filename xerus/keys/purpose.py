"""Independent random keys, one per purpose, so that none can be used for another's work."""

import secrets

from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.keys import store
from xerus.keys.provider import KeyProvider, associated_data
from xerus.keys.rewrapping import rewrap

_KEY_BYTES = 32


class PurposeKeys:
    """Keys such as `csrf`, `audit-mac`, `correlation`, the same in every process."""

    def __init__(self, *, database: Database, provider: KeyProvider) -> None:
        self._database = database
        self._provider = provider
        self._known: dict[str, bytes] = {}

    async def start(self) -> None:
        """Open every key there is, so that none needs the provider later.

        Raises:
            WrongKey: the key provider is not the one that wrapped the keys.
            Unavailable: the database or the provider does not answer.
        """
        async with self._database.transaction(Role.GATE) as conn:
            rows = await store.wrapped_keys(conn, "purpose_keys")
        for row in rows:
            self._known[row.id] = await self._provider.unwrap(row.wrapped, _aad(row.id))

    async def rewrap(self, *, everything: bool) -> int:
        """Wrap keys anew with the provider, `everything` or what another wrapped; return how many."""
        return await rewrap(
            self._database, self._provider, "purpose_keys", _aad, everything=everything
        )

    async def get(self, purpose: str) -> bytes:
        """Return the 32 bytes of `purpose`, made at the first call ever.

        Raises:
            WrongKey: the key provider is not the one that wrapped the key.
            Unavailable: the database or the provider does not answer.
        """
        if purpose not in self._known:
            self._known[purpose] = await self._load(purpose)
        return self._known[purpose]

    async def _load(self, purpose: str) -> bytes:
        aad = _aad(purpose)
        async with self._database.transaction(Role.GATE) as conn:
            wrapped = await store.purpose_key(conn, purpose)
        if wrapped is None:
            fresh = await self._provider.wrap(secrets.token_bytes(_KEY_BYTES), aad)
            async with self._database.transaction(Role.GATE) as conn:
                await store.add_purpose_key(
                    conn, purpose=purpose, wrapped=fresh, reference=self._provider.reference
                )
                wrapped = await store.purpose_key(conn, purpose)
        assert wrapped is not None
        return await self._provider.unwrap(wrapped, aad)


def _aad(purpose: str) -> bytes:
    return associated_data("purpose_keys", purpose)
