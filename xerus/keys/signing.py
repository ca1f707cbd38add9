"""The ES256 keys that sign our own tokens (RFC 7518 3.4), shared by all processes."""

from typing import Any, cast

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import NotSignedIn
from xerus.keys import store
from xerus.keys.provider import KeyProvider, associated_data

_ALGORITHM = "ES256"
_ALGORITHMS = [_ALGORITHM]


class InvalidToken(NotSignedIn):
    """The token is not one of ours, or not of this kind. The message says what is wrong."""

    code = "invalid_token"


class SigningKeys:
    """Signs with the active key and verifies with every key that is still listed."""

    def __init__(self, *, database: Database, provider: KeyProvider) -> None:
        self._database = database
        self._provider = provider
        self._signer: ECKey | None = None
        self._verifiers: dict[str, ECKey] = {}

    async def start(self) -> None:
        """Load the keys, making the first; call again to see keys that were added since.

        Raises:
            WrongKey: the key provider is not the one that wrapped the keys.
            Unavailable: the database or the provider does not answer.
        """
        rows = await self._rows()
        if not rows or rows[0]["state"] != "active":
            await self._add()
            rows = await self._rows()
        active = rows[0]
        private = await self._provider.unwrap(bytes(active["wrapped"]), _aad(active["kid"]))
        self._signer = ECKey.import_key(orjson.loads(private))
        self._verifiers = {row["kid"]: ECKey.import_key(row["public"]) for row in rows}

    async def sign(self, claims: dict[str, Any], *, typ: str) -> str:
        """Return `claims` as a compact JWS whose header has `typ`, `alg` and `kid`."""
        assert self._signer is not None, "start() comes first"
        header = {"alg": _ALGORITHM, "typ": typ, "kid": self._signer.kid}
        return jws.serialize_compact(header, orjson.dumps(claims), self._signer, _ALGORITHMS)

    def verify(self, token: str, *, typ: str) -> dict[str, Any]:
        """Return the claims of a token that one of our keys signed as `typ`.

        Checks the signature and the header; expiry, issuer and audience are the caller's.

        Raises:
            InvalidToken: malformed, another type or algorithm, an unknown key, or a bad signature.
        """
        try:
            compact = jws.extract_compact(token.encode("ascii"))
            header = compact.headers()
            if str(header.get("typ", "")).lower().removeprefix("application/") != typ.lower():
                raise InvalidToken("The token is of another type.")
            key = self._verifiers.get(str(header.get("kid", "")))
            if header.get("alg") != _ALGORITHM or key is None:
                raise InvalidToken("The token was not signed by a key of this server.")
            if not jws.validate_compact(compact, key, _ALGORITHMS):
                raise InvalidToken("The token's signature is wrong.")
            claims = orjson.loads(compact.payload)
        except (JoseError, ValueError) as error:
            raise InvalidToken("The token is malformed.", debug=type(error).__name__) from error
        if not isinstance(claims, dict):
            raise InvalidToken("The token is malformed.")
        return cast("dict[str, Any]", claims)

    def jwks(self) -> dict[str, Any]:
        """Return the public key set (RFC 7517 5)."""
        return {
            "keys": [
                key.as_dict(private=False, use="sig", alg=_ALGORITHM)
                for key in self._verifiers.values()
            ]
        }

    async def _rows(self) -> list[dict[str, Any]]:
        async with self._database.transaction(Role.GATE) as conn:
            return await store.signing_keys(conn)

    async def _add(self) -> None:
        key = ECKey.generate_key("P-256", private=True, auto_kid=True)
        kid = cast("str", key.kid)
        wrapped = await self._provider.wrap(orjson.dumps(key.as_dict(private=True)), _aad(kid))
        async with self._database.transaction(Role.GATE) as conn:
            await store.add_signing_key(
                conn,
                kid=kid,
                public=dict(key.as_dict(private=False)),
                wrapped=wrapped,
                reference=self._provider.reference,
            )


def _aad(kid: str) -> bytes:
    return associated_data("signing_keys", kid)
