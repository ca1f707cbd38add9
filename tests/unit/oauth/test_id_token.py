"""Verification of what the identity provider signed."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from xerus.oauth import id_token
from xerus.oauth.discovery import Discovery
from xerus.oauth.errors import InvalidToken
from xerus.oauth.issuer import IssuerRule

TENANT = "11111111-2222-3333-4444-555555555555"
ISSUER = f"https://login.example/{TENANT}/v2.0"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RSA = RSAKey.generate_key(2048, parameters={"kid": "one"})


class Keys:
    """Stands for the provider's key set, which lists `RSA` and an EC key."""

    rule = IssuerRule.of(ISSUER)
    ec = ECKey.generate_key("P-256", parameters={"kid": "ec"})

    async def key(self, kid: str) -> Key | None:
        keys: dict[str, Key] = {"one": RSA, "ec": self.ec}
        return keys.get(kid)


def signed(
    key: Key = RSA, header: dict[str, Any] | None = None, claims: dict[str, object] | None = None
) -> str:
    body = {
        "iss": ISSUER,
        "aud": "app",
        "sub": "s",
        "tid": TENANT,
        "nonce": "n",
        "exp": NOW.timestamp() + 60,
        **(claims or {}),
    }
    kept = {name: value for name, value in body.items() if value is not None}
    head = {"alg": "RS256", "kid": "one"} if header is None else header
    return jwt.encode(head, kept, key, algorithms=["RS256", "HS256", "ES256", "PS256"])


async def verified(token: str) -> id_token.Claims:
    discovery = cast("Discovery", Keys())
    claims = await id_token.verified_claims(token, discovery=discovery, now=NOW)
    id_token.check_id_token(claims, client_id="app", nonce="n")
    return claims


async def test_sound_token_is_accepted() -> None:
    claims = await verified(signed())
    assert id_token.tenant_of(claims) == TENANT


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": f"https://sts.windows.net/{TENANT}/"},
        {"tid": "another-tenant"},
        {"aud": "other"},
        {"aud": None},
        {"aud": ["other"]},
        {"aud": ["app", "other"]},
        {"nonce": "other"},
        {"nonce": None},
        {"exp": NOW.timestamp() - 61},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"sub": ""},
        {"sub": None},
    ],
)
async def test_token_with_one_wrong_claim_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(InvalidToken):
        await verified(signed(claims=claims))


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (RSAKey.generate_key(2048), {"alg": "RS256", "kid": "one"}),
        (RSA, {"alg": "RS256"}),
        (RSA, {"alg": "RS256", "kid": "unknown"}),
        (RSA, {"alg": "PS256", "kid": "one"}),
        (OctKey.import_key(b"x" * 32), {"alg": "HS256", "kid": "one"}),
        (Keys.ec, {"alg": "ES256", "kid": "ec"}),
    ],
    ids=["other key", "no kid", "unknown kid", "PS256", "HS256", "ES256"],
)
async def test_token_signed_another_way_is_refused(key: Key, header: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        await verified(signed(key, header))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "é.é.é", "e30.e30.", "." * 20_000])
async def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        await verified(token)


async def test_unsigned_token_is_refused() -> None:
    _, payload, _ = signed().split(".")
    with pytest.raises(InvalidToken):
        await verified(f"eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{payload}.")


async def test_token_whose_time_has_not_come_is_no_bearer() -> None:
    with pytest.raises(InvalidToken):
        id_token.check_not_before({"nbf": NOW.timestamp() + 61}, now=NOW)
    id_token.check_not_before({"nbf": NOW.timestamp() + 59}, now=NOW)
