"""Which foreign tokens the MCP endpoint accepts, and that no secret lies about in the clear."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql

from tests.flows.front_door.door import Attempt, Door, Entra, query_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA


async def entra_tokens(entra: Entra, door: Door, scope: str) -> dict[str, Any]:
    """Sign in at Entra directly, as a machine caller of the tenant would."""
    base = entra.issuer.removesuffix("/v2.0")
    callback = f"{door.url}/oauth/callback"
    query = {
        "client_id": entra.client_id,
        "response_type": "code",
        "redirect_uri": callback,
        "scope": scope,
        "state": "s",
    }
    async with Browser(stops_at=(callback,)) as browser:
        await browser.open(f"{base}/oauth2/v2.0/authorize?{urlencode(query)}")
        with pytest.raises(LeftTheWorld) as left:
            await browser.click(ADA)
        form = {
            "grant_type": "authorization_code",
            "code": query_of(left.value.url)["code"],
            "redirect_uri": callback,
            "client_id": entra.client_id,
            "client_secret": entra.client_secret,
            "scope": scope,
        }
        response = await browser.http.post(f"{base}/oauth2/v2.0/token", data=form)
    tokens: dict[str, Any] = response.json()
    return tokens


async def test_token_of_entra_for_our_api_is_accepted(entra: Entra, door: Door) -> None:
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    response = await door.mcp(tokens["access_token"])
    assert response.status_code == 200, response.text
    assert response.json()["email"] == ADA
    assert len(response.json()["scopes"]) == 4


async def test_graph_token_is_refused_with_the_reason(entra: Entra, door: Door) -> None:
    tokens = await entra_tokens(entra, door, "openid profile email")
    response = await door.mcp(tokens["access_token"])
    assert response.status_code == 401
    assert "Microsoft Graph" in response.json()["why"]


@pytest.mark.parametrize("header", ['"alg"', '["alg"]', '"alg: ES256"'])
async def test_header_that_is_no_object_is_refused_like_any_other(
    door: Door, attempt: Attempt, header: str
) -> None:
    token = f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.e30.AAAA"
    response = await door.mcp(token)
    assert response.status_code == 401, response.text
    form = {"token": token, "client_id": attempt.client_id}
    assert (await door.http.post("/oauth/revoke", data=form)).status_code == 200


async def test_id_token_is_no_bearer(entra: Entra, door: Door) -> None:
    tokens = await entra_tokens(entra, door, f"openid api://{entra.client_id}/mcp")
    response = await door.mcp(tokens["id_token"])
    assert response.status_code == 401


async def test_version_1_token_is_refused_with_the_remedy(entra: Entra, door: Door) -> None:
    await entra.port.configure(token_version=1)
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    response = await door.mcp(tokens["access_token"])
    assert response.status_code == 401
    assert "requestedAccessTokenVersion" in response.json()["why"]
    assert "accessTokenAcceptedVersion" in response.json()["why"]


async def test_tampered_token_is_refused(door: Door, attempt: Attempt, person: Browser) -> None:
    token = (await attempt.tokens(person, ADA))["access_token"]
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["scope"] = "jira:write"
    forged = _part(claims)
    none = _part({"alg": "none", "typ": "at+jwt"})
    hmac = _part({"alg": "HS256", "typ": "at+jwt", "kid": _header(token)["kid"]})
    other_type = _part({**_header(token), "typ": "JWT"})
    for bad in (
        f"{header}.{forged}.{signature}",
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        f"{hmac}.{payload}.{signature}",
        f"{other_type}.{payload}.{signature}",
        f"{header}.{payload}.",
    ):
        assert (await door.mcp(bad)).status_code == 401


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _header(token: str) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")
    )
    return header


STRANGE: list[dict[str, object]] = [
    {"exp": "99999999999"},
    {"exp": 10**18},
    {"exp": None},
    {"exp": [1]},
    {"iat": "now"},
    {"sub": "nobody"},
    {"sub": "\x00"},
    {"sub": None},
    {"family": "x"},
    {"family": ""},
    {"family": [1]},
    {"client_id": None},
    {"scope": []},
    {"nbf": 10**10},
]


@pytest.mark.parametrize("changes", STRANGE, ids=str)
async def test_token_signed_by_us_but_not_of_our_form_is_refused_not_a_crash(
    door: Door, attempt: Attempt, person: Browser, changes: dict[str, object]
) -> None:
    token = (await attempt.tokens(person, ADA))["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (await door.mcp(await door.signing.sign(claims, typ="at+jwt"))).status_code == 200
    strange = await door.signing.sign(claims | changes, typ="at+jwt")
    assert (await door.mcp(strange)).status_code == 401


async def test_no_secret_of_a_whole_journey_is_in_the_database_in_the_clear(
    own_door: Door, person: Browser
) -> None:
    reply = await own_door.register(token_endpoint_auth_method="client_secret_post")
    attempt = Attempt(own_door, reply["client_id"], state="canary-state-of-the-client")
    answer = await attempt.answer(person, ADA)
    secret = {"client_secret": reply["client_secret"]}
    tokens = (await attempt.redeem(answer["code"], **secret)).json()
    renewed = (await attempt.renew(tokens["refresh_token"], **secret)).json()
    planted = [
        answer["code"],
        attempt.state,
        attempt.verifier,
        reply["client_secret"],
        *(tokens[name] for name in ("access_token", "refresh_token")),
        *(renewed[name] for name in ("access_token", "refresh_token")),
        person.http.cookies[own_door.cookies.session_name],
        person.http.cookies[own_door.cookies.browser_name],
    ]
    dump = await _dump(own_door)
    assert reply["client_id"] in dump
    for value in planted:
        assert value not in dump
        assert value.encode().hex() not in dump


async def _dump(door: Door) -> str:
    """Return every row of every table as text, read as the owner of the database."""
    rows: list[str] = []
    async with await psycopg.AsyncConnection.connect(door.owner_dsn) as conn:
        await conn.execute("SET ROLE xerus_owner")
        cursor = await conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in await cursor.fetchall()]
        for table in tables:
            name = sql.Identifier(table)
            await conn.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(name))
            found = await conn.execute(sql.SQL("SELECT t::text FROM {} t").format(name))
            rows += [row[0] for row in await found.fetchall()]
        await conn.rollback()
    return "\n".join(rows)
