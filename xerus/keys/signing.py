"""The ES256 keys that sign our own tokens (RFC 7518 3.4), shared by all processes.

A key has a schedule and no state: it is published at once, signs from `signs_from` on, and stays
published until the last token it signed has run out. So every process changes over by its clock,
and it does no harm that clocks differ by minutes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import Listener, notify
from xerus.db.roles import Role
from xerus.errors import NotConfigured, NotSignedIn, Unavailable
from xerus.keys import store
from xerus.keys.provider import KeyProvider, associated_data
from xerus.keys.rewrapping import rewrap
from xerus.oauth.compact_jws import extract

CHANNEL = "xerus_signing_keys"
LONGEST_LIFE = timedelta(minutes=10)
"""No token lives longer."""
PUBLISHED_FOR = timedelta(minutes=5)
"""How long others may keep the published key set."""
LEAD = PUBLISHED_FOR * 2
"""How long a key is published before it signs: whoever keeps the set knows the key by then."""
_OVERLAP = LONGEST_LIFE + timedelta(minutes=5)  # the rest is for clocks that differ
_RELOAD_AFTER = timedelta(seconds=60)
# A flood of made-up key ids must not become a flood of queries.
_RELOAD_AT_MOST_EVERY = timedelta(seconds=1)
_ALGORITHM = "ES256"
_ALGORITHMS = [_ALGORITHM]


class InvalidToken(NotSignedIn):
    """The token is not one of ours, or not of this kind. The message says what is wrong."""

    code = "invalid_token"


@dataclass(frozen=True, kw_only=True)
class _Key:
    kid: str
    private: ECKey
    public: ECKey
    signs_from: datetime


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a rotation did.

    Attributes:
        begun: False where a new key was waiting for its time already.
        signs_from: when the new key begins to sign.
        retired: when the key before it stops being accepted.
    """

    begun: bool
    signs_from: datetime
    retired: datetime


class SigningKeys:
    """Signs with the key whose time it is and verifies with every key that is still listed."""

    def __init__(self, *, database: Database, provider: KeyProvider, clock: Clock) -> None:
        self._database = database
        self._provider = provider
        self._clock = clock
        self._keys: tuple[_Key, ...] = ()
        self._loaded_at: datetime | None = None
        self._stale = False
        self._lock = asyncio.Lock()

    def follow(self, listener: Listener) -> None:
        """Look again as soon as another process has made a key."""
        listener.subscribe(CHANNEL, lambda _: self._look_again())
        listener.on_reconnect(self._look_again)

    async def start(self) -> None:
        """Load the keys, making the first.

        Raises:
            WrongKey: the key provider is not the one that wrapped the keys.
            Unavailable: the database or the provider does not answer.
        """
        await self._load()
        if not self._keys:
            await self._add_first()
            await self._load()

    async def sign(self, claims: dict[str, Any], *, typ: str) -> str:
        """Return `claims` as a compact JWS whose header has `typ`, `alg` and `kid`."""
        await self._refresh()
        key = self._signer()
        header = {"alg": _ALGORITHM, "typ": typ, "kid": key.kid}
        return jws.serialize_compact(header, orjson.dumps(claims), key.private, _ALGORITHMS)

    async def verify(self, token: str, *, typ: str) -> dict[str, Any]:
        """Return the claims of a token that one of our keys signed as `typ`.

        Checks the signature and the header; expiry, issuer and audience are the caller's.

        Raises:
            InvalidToken: malformed, another type or algorithm, an unknown key, or a bad signature.
        """
        try:
            compact = extract(token)
            header = compact.headers()
            if str(header.get("typ", "")).lower().removeprefix("application/") != typ.lower():
                raise InvalidToken("The token is of another type.")
            if header.get("alg") != _ALGORITHM:
                raise InvalidToken("The token was not signed by a key of this server.")
            key = await self._verifier(str(header.get("kid", "")))
            if key is None:
                raise InvalidToken("The token was not signed by a key of this server.")
            if not jws.validate_compact(compact, key, _ALGORITHMS):
                raise InvalidToken("The token's signature is wrong.")
            claims = orjson.loads(compact.payload)
        except (JoseError, ValueError) as error:
            raise InvalidToken("The token is malformed.", debug=type(error).__name__) from error
        if not isinstance(claims, dict):
            raise InvalidToken("The token is malformed.")
        return cast("dict[str, Any]", claims)

    async def jwks(self) -> dict[str, Any]:
        """Return the public key set (RFC 7517 5), keys that do not sign yet included."""
        await self._refresh()
        return {
            "keys": [
                key.public.as_dict(private=False, use="sig", alg=_ALGORITHM)
                for key in self._listed()
            ]
        }

    async def rotate(self) -> Rotation:
        """Publish a new key that signs after `LEAD`; one that waits already is left to it.

        Raises:
            Unavailable: the database or the provider does not answer.
        """
        now = self._clock.now()
        key, wrapped = await self._fresh()
        async with self._database.transaction(Role.GATE) as conn:
            await store.lock_signing_keys(conn)
            rows = await store.signing_keys(conn)
            begun = rows[-1]["signs_from"] <= now if rows else True
            signs_from = now + LEAD if begun else rows[-1]["signs_from"]
            if begun:
                await self._store(conn, key, wrapped, signs_from)
            await notify(conn, CHANNEL, str(key.kid))
        await self._load()
        return Rotation(begun=begun, signs_from=signs_from, retired=signs_from + _OVERLAP)

    async def rewrap(self, *, everything: bool) -> int:
        """Wrap keys anew with the provider, `everything` or what another wrapped; return how many."""
        return await rewrap(
            self._database, self._provider, "signing_keys", _aad, everything=everything
        )

    async def sweep(self) -> None:
        """Delete the keys whose tokens have all run out."""
        await self._load()
        listed = {key.kid for key in self._listed()}
        over = [key.kid for key in self._keys if key.kid not in listed]
        if over:
            async with self._database.transaction(Role.GATE) as conn:
                await store.delete_signing_keys(conn, over)

    def _signer(self) -> _Key:
        assert self._keys, "start() comes first"
        now = self._clock.now()
        begun = [key for key in self._keys if key.signs_from <= now]
        return begun[-1] if begun else self._keys[0]

    def _listed(self) -> Sequence[_Key]:
        """Return the keys that have signed within the life of a token, sign now, or will."""
        limit = self._clock.now() - _OVERLAP
        ends = [*(key.signs_from for key in self._keys[1:]), None]
        return [
            key for key, end in zip(self._keys, ends, strict=True) if end is None or end > limit
        ]

    async def _verifier(self, kid: str) -> ECKey | None:
        await self._refresh()
        found = self._find(kid)
        if found is None and self._older_than(_RELOAD_AT_MOST_EVERY):
            await self._refresh(even_if_fresh=True)
            found = self._find(kid)
        return found

    def _find(self, kid: str) -> ECKey | None:
        return next((key.public for key in self._listed() if key.kid == kid), None)

    def _look_again(self) -> None:
        self._stale = True

    def _older_than(self, age: timedelta) -> bool:
        return self._loaded_at is None or self._clock.now() - self._loaded_at >= age

    async def _refresh(self, *, even_if_fresh: bool = False) -> None:
        """Load what may have changed; while database or provider are away the keys at hand go on."""
        if not (even_if_fresh or self._stale or self._older_than(_RELOAD_AFTER)):
            return
        seen = self._loaded_at
        async with self._lock:
            if self._loaded_at is not seen:
                return  # somebody else has just done it
            try:
                await self._load()
            except Unavailable:
                self._stale = True
                if not self._keys:
                    raise
            except NotConfigured:  # of the provider: asked again in a while
                if not self._keys:
                    raise
                self._loaded_at = self._clock.now()

    async def _load(self) -> None:
        self._stale, known = False, {key.kid: key for key in self._keys}
        async with self._database.transaction(Role.GATE) as conn:
            rows = await store.signing_keys(conn)
        self._keys = tuple([known.get(row["kid"]) or await self._opened(row) for row in rows])
        self._loaded_at = self._clock.now()

    async def _opened(self, row: dict[str, Any]) -> _Key:
        private = await self._provider.unwrap(bytes(row["wrapped"]), _aad(row["kid"]))
        return _Key(
            kid=row["kid"],
            private=ECKey.import_key(orjson.loads(private)),
            public=ECKey.import_key(row["public"]),
            signs_from=row["signs_from"],
        )

    async def _add_first(self) -> None:
        key, wrapped = await self._fresh()
        async with self._database.transaction(Role.GATE) as conn:
            await store.lock_signing_keys(conn)
            if not await store.signing_keys(conn):
                await self._store(conn, key, wrapped, self._clock.now())

    async def _fresh(self) -> tuple[ECKey, bytes]:
        key = ECKey.generate_key("P-256", private=True, auto_kid=True)
        private = orjson.dumps(key.as_dict(private=True))
        return key, await self._provider.wrap(private, _aad(str(key.kid)))

    async def _store(
        self, conn: store.Connection, key: ECKey, wrapped: bytes, signs_from: datetime
    ) -> None:
        await store.add_signing_key(
            conn,
            kid=str(key.kid),
            public=dict(key.as_dict(private=False)),
            wrapped=wrapped,
            reference=self._provider.reference,
            signs_from=signs_from,
        )


def _aad(kid: str) -> bytes:
    return associated_data("signing_keys", kid)
