"""Seals and opens values with data keys that it holds in memory."""

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role
from xerus.errors import NotConfigured, Unavailable
from xerus.keys.provider import KeyProvider, WrongKey, associated_data
from xerus.keys.rewrapping import rewrap
from xerus.telemetry.logs import logger
from xerus.vault import store
from xerus.vault.envelope import KEY_BYTES, Binding, SealBroken, key_id_of, seal, unseal

log = logger(__name__)

CHANNEL = "xerus_data_keys"
_CANARY = Binding(table="vault_canary", column="sealed", row_id="1")
_CANARY_TEXT = b"this database belongs to this key"
_LOOK_SECONDS = 60.0
"""How long a process may not have heard of a new key: notifications can be lost."""
KEPT = timedelta(days=1)
"""How long a key still opens after the next has begun, whatever was sealed with it.

Far more than the looks of a process are apart, than a sign-in may take, and than a value waits in
memory for a database that is away.
"""


class Vault:
    """Envelope encryption: values under data keys, data keys under the provider's key."""

    def __init__(
        self,
        *,
        database: Database,
        provider: KeyProvider,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._provider = provider
        self._monotonic = monotonic
        self._looked = 0.0
        self._keys: dict[UUID, bytes] = {}
        self._active: UUID | None = None
        self._stale = False

    def follow(self, listener: Listener) -> None:
        """Seal with a new data key as soon as another process has begun one."""
        listener.subscribe(CHANNEL, lambda _: self._look_again())
        listener.on_reconnect(self._look_again)

    async def start(self) -> None:
        """Load the data keys, making the first, and open the canary.

        Raises:
            WrongKey: the key provider is not the one this database was sealed with.
            NotConfigured: the provider's key is missing or readable by others.
            Unavailable: the database or the provider does not answer.
        """
        await self._load()
        if self._active is None:
            await self._make_first()
            await self._load()
        await self._check_canary()

    async def seal(self, plaintext: bytes, binding: Binding) -> bytes:
        """Encrypt `plaintext` so that it opens only with the same `binding`."""
        assert self._active is not None, "start() comes first"
        if self._stale or self._monotonic() - self._looked > _LOOK_SECONDS:
            await self._follow_rotation()
        return seal(plaintext, binding, key_id=self._active, key=self._keys[self._active])

    async def open(self, sealed: bytes, binding: Binding) -> bytes:
        """Decrypt what `seal` made.

        Raises:
            SealBroken: changed bytes, another binding, or an unknown key.
            Unavailable: the key was not loaded yet and the database does not answer.
        """
        key_id = key_id_of(sealed)
        if key_id not in self._keys:
            # Another process may have begun a new key since we started.
            await self._load()
        if key_id not in self._keys:
            raise SealBroken("A stored secret cannot be read.", debug=f"unknown key {key_id}")
        return unseal(sealed, binding, key=self._keys[key_id])

    async def check(self) -> None:
        """Open the canary.

        Raises:
            WrongKey: the keys in memory are not those of this database.
            Unavailable: the database does not answer.
        """
        await self._check_canary()

    async def rotate(self) -> bool:
        """Begin a new data key, or go on with the rotation that is not finished.

        What older keys sealed still opens. Returns whether a new key was begun.

        Raises:
            Unavailable: the database or the provider does not answer.
        """
        key_id = uuid4()
        wrapped = await self._provider.wrap(secrets.token_bytes(KEY_BYTES), _aad(key_id))
        async with self._database.transaction(Role.GATE) as conn:
            begun = await store.rotation_finished(conn)
            if begun:
                await store.replace_active_key(
                    conn, key_id=key_id, wrapped=wrapped, reference=self._provider.reference
                )
            await notify(conn, CHANNEL, str(key_id))
        await self._load()
        return begun

    async def finish_rotation(self) -> None:
        """Note that everything is sealed with the active key; the canary then is, too."""
        assert self._active is not None, "start() comes first"
        canary = seal(_CANARY_TEXT, _CANARY, key_id=self._active, key=self._keys[self._active])
        async with self._database.transaction(Role.GATE) as conn:
            await store.finish_rotation(conn, self._active, canary)

    async def retired(self) -> list[UUID]:
        """Return the keys that have been out of use for `KEPT`."""
        async with self._database.transaction(Role.GATE) as conn:
            return await store.retired_keys(conn, KEPT)

    async def destroy(self, key_ids: list[UUID]) -> None:
        """Delete retired keys: what they sealed opens nowhere any more, save from a backup."""
        async with self._database.transaction(Role.GATE) as conn:
            await store.delete_keys(conn, key_ids)
        await self._load()

    async def rewrap(self, *, everything: bool) -> int:
        """Wrap keys anew with the provider, `everything` or what another wrapped; return how many."""
        return await rewrap(
            self._database,
            self._provider,
            "data_keys",
            lambda key_id: _aad(UUID(key_id)),
            everything=everything,
        )

    async def try_provider(self) -> None:
        """Have the provider open the active data key, as a process that starts does.

        Raises:
            WrongKey: the provider opens it no longer.
            NotConfigured: the provider's key cannot be used.
            Unavailable: the database or the provider does not answer.
        """
        async with self._database.transaction(Role.GATE) as conn:
            wrapped = await store.data_keys(conn)
        for row in wrapped:
            if row.active:
                await self._provider.unwrap(row.wrapped, _aad(row.id))

    async def reseal(self, sealed: bytes, binding: Binding) -> bytes | None:
        """Return a value sealed anew with the active key, None where it is already.

        Raises:
            SealBroken: the value does not open.
        """
        if key_id_of(sealed) == self._active:
            return None
        return await self.seal(await self.open(sealed, binding), binding)

    def _look_again(self) -> None:
        self._stale = True

    async def _follow_rotation(self) -> None:
        try:
            await self._load()
        except Unavailable:  # the key at hand stays good
            self._stale = True
        except NotConfigured:  # of the provider; the same, and it is asked again in a while
            log.warning("new_data_key_not_opened")

    async def _load(self) -> None:
        self._stale, self._looked = False, self._monotonic()
        async with self._database.transaction(Role.GATE) as conn:
            wrapped = await store.data_keys(conn)
        for row in wrapped:
            if row.id not in self._keys:
                self._keys[row.id] = await self._provider.unwrap(row.wrapped, _aad(row.id))
            if row.active:
                self._active = row.id
        kept = {row.id for row in wrapped}
        for gone in self._keys.keys() - kept:
            del self._keys[gone]

    async def _make_first(self) -> None:
        key_id = uuid4()
        wrapped = await self._provider.wrap(secrets.token_bytes(KEY_BYTES), _aad(key_id))
        async with self._database.transaction(Role.GATE) as conn:
            await store.add_active_key(
                conn, key_id=key_id, wrapped=wrapped, reference=self._provider.reference
            )

    async def _check_canary(self) -> None:
        fresh = await self.seal(_CANARY_TEXT, _CANARY)
        async with self._database.transaction(Role.GATE) as conn:
            sealed = await store.canary(conn)
            if sealed is None:
                await store.add_canary(conn, fresh)
                sealed = await store.canary(conn)
        try:
            intact = await self.open(sealed or b"", _CANARY) == _CANARY_TEXT
        except SealBroken:
            intact = False
        if not intact:
            raise WrongKey(
                "The keys in this database do not open what was sealed in it.",
                hint="Restore the database together with the key it was sealed with.",
            )


def _aad(key_id: UUID) -> bytes:
    return associated_data("data_keys", key_id.bytes)
