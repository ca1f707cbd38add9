"""Row 11: the tokens that the MCP endpoint must not take, each wrong in one way.

The right token of each issuer is taken first, so that a cell that is refused is refused for what is
wrong with it. Those of Entra are signed with the simulated Entra's own key.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from tests.flows.front_door.attacks import Told
from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.browser import Browser
from tests.support.journeys import ADA
from xerus_sandbox.entra.keys import SigningKey

Claims = dict[str, Any]
GRAPH = "00000003-0000-0000-c000-000000000000"
SIBLING = "11111111-2222-3333-4444-555555555555"
_OK, _REFUSED = 200, 401
_CELLS = 60


async def wrong_tokens(door: Door, told: Told) -> str:
    """Bring every wrong token."""
    async with Browser(stops_at=(CALLBACK,)) as ada:
        attempt = Attempt(door, (await door.register())["client_id"])
        code = (await attempt.answer(ada, ADA))["code"]
        tokens = (await attempt.redeem(code)).json()
    cells = {"authorization code": code, "refresh token": tokens["refresh_token"]}
    cells |= await _of_ours(door, tokens["access_token"])
    cells |= await _of_entra(door)
    assert len(cells) >= _CELLS, len(cells)
    passed = []
    for name, token in cells.items():
        answer = await door.mcp(token)
        assert answer.status_code < 500, (name, answer.text)
        if answer.status_code != _REFUSED:
            passed.append(name)
    assert not passed, f"passed: {', '.join(passed)}"
    told(", ".join(cells))
    return f"{len(cells)} wrong tokens, 0 passed"


def _changes(door: Door, right: Claims) -> dict[str, Claims]:
    """Return what is wrong with the claims, for tokens of either issuer."""
    now = int(time.time())
    return {
        "audience Graph": {"aud": GRAPH},
        "audience of a sibling": {"aud": SIBLING},
        "audience of a sibling's address": {"aud": "https://other.example/mcp"},
        "audience is the issuer": {"aud": door.url},
        "audience with a slash": {"aud": f"{right['aud']}/"},
        "audience as a list": {"aud": [right["aud"], GRAPH]},
        "no audience": {"aud": None},
        "issuer of another server": {"iss": "https://other.example"},
        "issuer with a slash": {"iss": f"{right['iss']}/"},
        "issuer in capitals": {"iss": right["iss"].upper()},
        "no issuer": {"iss": None},
        "expired": {"iat": now - 7200, "exp": now - 3600},
        "expired just now, beyond any leeway": {"exp": now - 61},
        "expiry in words": {"exp": "tomorrow"},
        "no expiry": {"exp": None},
        "not yet valid": {"nbf": now + 3600},
    }


def _forged(right: str) -> dict[str, str]:
    """Return tokens with the right claims and a header or signature that is not."""
    header, payload, signature = right.split(".")
    known = json.loads(base64.urlsafe_b64decode(header + "=="))
    foreign = ECKey.generate_key("P-256", private=True)
    claims = base64.urlsafe_b64decode(payload + "==")
    mine = {"alg": "ES256", "typ": known["typ"], "kid": known["kid"]}

    def under(changes: Claims, last: str = signature) -> str:
        return f"{_part({**known, **changes})}.{payload}.{last}"

    def with_secret(alg: str, digest: Callable[..., Any], secret: str) -> str:
        signed = f"{_part({**known, 'alg': alg})}.{payload}"
        mac = hmac.new(secret.encode(), signed.encode(), digest).digest()
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return {
        "alg none": under({"alg": "none"}, ""),
        "alg none with a signature": under({"alg": "none"}),
        "alg None": under({"alg": "None"}, ""),
        "alg missing": under({"alg": None}),
        "alg HS256 keyed with the key's name": with_secret("HS256", hashlib.sha256, known["kid"]),
        "alg HS512 keyed with nothing": with_secret("HS512", hashlib.sha512, ""),
        "foreign key under the known name": jws.serialize_compact(mine, claims, foreign, ["ES256"]),
        "foreign key that the header carries": jws.serialize_compact(
            {**mine, "jwk": foreign.as_dict(private=False)}, claims, foreign, ["ES256"]
        ),
        "foreign key at an address": jws.serialize_compact(
            {**mine, "jku": "https://evil.example/keys"}, claims, foreign, ["ES256"]
        ),
        "unknown key name": under({"kid": "unknown"}),
        "key name that is a path": under({"kid": "../../dev/null"}),
        "no signature": f"{header}.{payload}.",
        "signature of zeros": f"{header}.{payload}.{'A' * len(signature)}",
        "cut": right[:-10],
        "two parts": f"{header}.{payload}",
        "four parts": f"{right}.{signature}",
    }


async def _of_ours(door: Door, right: str) -> dict[str, str]:
    claims = _claims(right)
    assert (await door.mcp(right)).status_code == _OK
    assert (await door.mcp(await door.signing.sign(claims, typ="at+jwt"))).status_code == _OK
    cells = {
        name: await door.signing.sign(_with(claims, change), typ="at+jwt")
        for name, change in _changes(door, claims).items()
    }
    for typ in ("JWT", "", "rt+jwt", "logout+jwt", "id_token"):
        cells[f"type {typ!r}"] = await door.signing.sign(claims, typ=typ)
    return {f"ours, {name}": token for name, token in (cells | _forged(right)).items()}


async def _of_entra(door: Door) -> dict[str, str]:
    key = _key_of_entra(door)
    claims = _claims_of_entra(door)
    right = key.sign(claims)
    answer = await door.mcp(right)
    assert answer.status_code == _OK, answer.text
    changes = _changes(door, claims) | {
        "other tenant": {"tid": SIBLING},
        "issuer of another tenant": {
            "iss": claims["iss"].replace(claims["tid"], SIBLING), "tid": SIBLING,
        },
        "no tenant": {"tid": None},
        "no scope": {"scp": None},
        "scope of another API": {"scp": "User.Read"},
        "only OpenID scopes": {"scp": "openid profile"},
        "of an application, not of a person": {"idtyp": "app"},
        "nobody": {"oid": None},
        "ID token": {"scp": None, "nonce": "n"},
    }  # fmt: skip
    cells = {name: key.sign(_with(claims, change)) for name, change in changes.items()}
    cells["for Graph"] = key.sign_for_graph({**claims, "aud": GRAPH}, nonce="n")
    cells["key that Entra does not list"] = SigningKey.generate(time.time()).sign(claims)
    return {f"Entra, {name}": token for name, token in (cells | _forged(right)).items()}


def _key_of_entra(door: Door) -> SigningKey:
    assert door.entra is not None
    for file in (door.entra.folder / "sandbox").rglob("*.json"):
        saved = _keys_in(orjson.loads(file.read_bytes()))
        if saved:
            return SigningKey.from_json(saved[-1])
    raise AssertionError("the simulated Entra ID has saved no key")


def _keys_in(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, dict):
        return []
    keys = value.get("keys")
    if isinstance(keys, list) and keys and "certificate" in keys[0]:
        return keys
    return next((found for child in value.values() if (found := _keys_in(child))), [])


def _claims_of_entra(door: Door) -> Claims:
    assert door.entra is not None
    now = int(time.time())
    return {
        "aud": door.entra.client_id,
        "iss": door.entra.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "azp": door.entra.client_id,
        "name": "Ada",
        "oid": "0a0a0a0a-0000-4000-8000-000000000001",
        "preferred_username": "matrix@example.com",
        "scp": "mcp",
        "sub": "matrix",
        "tid": door.entra.issuer.removesuffix("/v2.0").rpartition("/")[2],
        "uti": "matrix",
        "ver": "2.0",
    }


def _with(claims: Claims, change: Claims) -> Claims:
    return {name: value for name, value in (claims | change).items() if value is not None}


def _claims(token: str) -> Claims:
    claims: Claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def _part(value: Claims) -> str:
    kept = {name: found for name, found in value.items() if found is not None}
    return base64.urlsafe_b64encode(json.dumps(kept).encode()).rstrip(b"=").decode()
