"""The verifiers of access tokens, ours and Entra's, with tokens damaged in any way.

What must hold needs no parser: an accepted text is, character for character, one of those that were
signed here for this purpose. Others were signed with the same keys for another purpose, or with
other keys under the same name.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from joserfc import jws
from joserfc.jwk import ECKey, Key, RSAKey

from tests.support.fuzzed.source import Source
from xerus.keys.file import FileKeyProvider
from xerus.keys.signing import InvalidToken as NotOurs
from xerus.keys.signing import SigningKeys
from xerus.oauth import id_token
from xerus.oauth.errors import InvalidToken
from xerus.oauth.issuer import IssuerRule

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ISSUER = "https://login.example/tenant/v2.0"
_CLAIMS = {"iss": _ISSUER, "sub": "somebody", "exp": int(_NOW.timestamp()) + 600}
_TYPE = "at+jwt"


class _StandingClock:
    def now(self) -> datetime:
        return _NOW


class _OneTable:
    """What `SigningKeys` asks of a database, for the one key it makes at its start."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    @asynccontextmanager
    async def transaction(self, _: object) -> AsyncIterator["_OneTable"]:
        yield self

    async def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> "_OneTable":
        if statement.startswith("INSERT"):
            kid, public, wrapped, _, signs_from = parameters
            row = {
                "kid": kid,
                "public": json.loads(public),
                "wrapped": wrapped,
                "signs_from": signs_from,
            }
            self._rows.append(row)
        return self

    async def fetchall(self) -> list[dict[str, Any]]:
        return self._rows


class _OneIssuer:
    """What the verification asks of a discovery."""

    rule = IssuerRule.of(_ISSUER)

    def __init__(self, key: Key) -> None:
        self._key = key

    async def key(self, kid: str) -> Key | None:
        return self._key if kid == self._key.kid else None


class Tokens:
    """The two verifiers, what they must accept, and what is made into other texts."""

    def __init__(self, folder: Path) -> None:
        self._keys = SigningKeys(
            database=cast("Any", _OneTable()),
            provider=FileKeyProvider(folder / "key"),
            clock=_StandingClock(),
        )
        theirs = RSAKey.generate_key(2048, auto_kid=True)
        self._discovery = cast("Any", _OneIssuer(theirs))
        asyncio.run(self._keys.start())
        ours = [
            asyncio.run(self._keys.sign({**_CLAIMS, "jti": str(n)}, typ=_TYPE)) for n in range(3)
        ]
        of_entra = [_signed(theirs, "RS256", {"typ": "JWT"}), _signed(theirs, "RS256", {})]
        self._ours, self._of_entra = frozenset(ours), frozenset(of_entra)
        self._signed = self._ours | self._of_entra
        header = jws.extract_compact(ours[0].encode()).headers()
        forged = ECKey.generate_key("P-256", {"kid": header["kid"]})
        self._bases = [
            *ours,
            *of_entra,
            asyncio.run(self._keys.sign(_CLAIMS, typ="another")),
            _signed(forged, "ES256", {"typ": _TYPE}),
        ]
        for text in self._bases:
            self._try(text)
        self._segments = [text.split(".") for text in self._bases]

    def trial(self, source: Source) -> None:
        """Try one."""
        self._try(self._token(source))

    def _token(self, source: Source) -> str:
        match source.number(0, 4):
            case 0:
                return source.text(200)
            case 1:
                return self._spliced(source)
            case 2:
                return self._recombined(source, "")
            case 3:
                header = _encoded(source.data(source.number(0, 60)))
                return self._recombined(source, header)
            case _:
                return self._with_header(source)

    def _spliced(self, source: Source) -> str:
        base = self._bases[source.number(0, len(self._bases) - 1)]
        start = source.number(0, len(base))
        end = min(len(base), start + source.number(0, 6))
        text = str(source.text(source.number(0, 6)))
        return f"{base[:start]}{text}{base[end:]}"

    def _recombined(self, source: Source, header: str) -> str:
        most = len(self._segments) - 1
        parts = [self._segments[source.number(0, most)][place] for place in range(3)]
        return ".".join([header or parts[0], *parts[1:]])

    def _with_header(self, source: Source) -> str:
        """Put text into a good header, which is JSON: between any two of its characters."""
        which = source.number(0, len(self._segments) - 1)
        header, payload, signature = self._segments[which]
        good = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
        at = source.number(0, len(good))
        to = min(len(good), at + source.number(0, 8))
        put = source.data(source.number(0, 20))
        return ".".join([_encoded(good[:at] + put + good[to:]), payload, signature])

    def _try(self, text: str) -> None:
        try:
            algorithm = id_token.peek_header(text).get("alg")
        except InvalidToken:
            assert text not in self._signed, text
            return
        # As `/mcp` does: the algorithm, which anybody may name, says whose token it claims to be.
        if algorithm == "ES256":
            self._try_as_ours(text)
        else:
            self._try_as_entras(text)

    def _try_as_ours(self, text: str) -> None:
        try:
            _done(self._keys.verify(text, typ=_TYPE))
        except NotOurs:
            assert text not in self._ours, text
        else:
            assert text in self._ours, text

    def _try_as_entras(self, text: str) -> None:
        try:
            _done(id_token.verified_claims(text, discovery=self._discovery, now=_NOW))
        except InvalidToken:
            assert text not in self._of_entra, text
        else:
            assert text in self._of_entra, text


def _signed(key: Key, algorithm: str, header: dict[str, Any]) -> str:
    whole = {"alg": algorithm, "kid": key.kid, **header}
    return jws.serialize_compact(whole, json.dumps(_CLAIMS), key, [algorithm])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _done(work: Coroutine[Any, Any, object]) -> None:
    """Run what waits for nothing, without the price of an event loop."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise AssertionError("it waited for something")
