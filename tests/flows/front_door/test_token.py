"""Codes, access tokens, refresh tokens, revocation."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.flows.front_door.door import ALL_SCOPES, Attempt, Door, Entra
from tests.support.browser import Browser
from tests.support.journeys import ADA
from xerus.grants.clients import CHAT_CLIENT_ID
from xerus.ids import UserId


def refused(response: Any) -> str:
    assert response.status_code == 400, response.text
    assert response.headers["cache-control"] == "no-store"
    error: str = response.json()["error"]
    return error


async def test_a_client_gets_tokens_that_speak_for_the_person(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA)
    response = await attempt.redeem(answer["code"])
    tokens = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == ALL_SCOPES
    seen = (await door.mcp(tokens["access_token"])).json()
    assert seen == {
        "email": ADA,
        "client": "Test client",
        "scopes": sorted(ALL_SCOPES.split()),
    }


async def test_granted_scopes_are_the_ones_that_were_shown(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA, scope="jira:read")
    tokens = (await attempt.redeem(answer["code"])).json()
    assert tokens["scope"] == "jira:read"
    assert (await door.mcp(tokens["access_token"])).json()["scopes"] == ["jira:read"]


async def test_replayed_code_revokes_the_family(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA)
    tokens = (await attempt.redeem(answer["code"])).json()
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    assert refused(await attempt.redeem(answer["code"])) == "invalid_grant"
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    assert refused(await attempt.renew(tokens["refresh_token"])) == "invalid_grant"
    events = await door.events()
    assert "grant:code:replayed" in events
    assert "grant:family:revoked" in events


async def test_twelve_redemptions_at_once_give_exactly_one_token(
    attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA)
    results = await asyncio.gather(*(attempt.redeem(answer["code"]) for _ in range(12)))
    assert sorted(response.status_code for response in results) == [200] + [400] * 11


async def test_code_of_another_client_is_worthless(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA)
    other = (await door.register())["client_id"]
    assert refused(await attempt.redeem(answer["code"], client_id=other)) == "invalid_grant"
    assert refused(await attempt.redeem(answer["code"])) == "invalid_grant"


async def test_wrong_verifier_uses_the_code_up(attempt: Attempt, person: Browser) -> None:
    answer = await attempt.answer(person, ADA)
    wrong = await attempt.redeem(answer["code"], code_verifier="x" * 43)
    assert refused(wrong) == "invalid_grant"
    assert refused(await attempt.redeem(answer["code"])) == "invalid_grant"


async def test_code_needs_the_same_redirect_address(attempt: Attempt, person: Browser) -> None:
    answer = await attempt.answer(person, ADA)
    other = await attempt.redeem(answer["code"], redirect_uri="http://127.0.0.1:1/callback")
    assert refused(other) == "invalid_grant"


async def test_code_expires(door: Door, attempt: Attempt, person: Browser) -> None:
    answer = await attempt.answer(person, ADA)
    door.clock.ahead += timedelta(minutes=2)
    assert refused(await attempt.redeem(answer["code"])) == "invalid_grant"


async def test_confidential_client_must_show_its_secret(door: Door, person: Browser) -> None:
    reply = await door.register(token_endpoint_auth_method="client_secret_post")
    attempt = Attempt(door, reply["client_id"])
    answer = await attempt.answer(person, ADA)
    for secret in ({}, {"client_secret": "wrong"}):
        response = await attempt.redeem(answer["code"], **secret)
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_client"
    response = await attempt.redeem(answer["code"], client_secret=reply["client_secret"])
    assert response.status_code == 200


async def test_client_may_authenticate_by_http_basic(door: Door, person: Browser) -> None:
    reply = await door.register(token_endpoint_auth_method="client_secret_basic")
    attempt = Attempt(door, reply["client_id"])
    answer = await attempt.answer(person, ADA)
    pair = f"{reply['client_id']}:{reply['client_secret']}".encode()
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": attempt.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    wrong = await door.http.post("/oauth/token", data=form, headers={"Authorization": "Basic AAAA"})
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"].startswith("Basic")
    header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    assert (await door.http.post("/oauth/token", data=form, headers=header)).status_code == 200


async def test_refresh_token_rotates(door: Door, attempt: Attempt, person: Browser) -> None:
    first = await attempt.tokens(person, ADA)
    second = (await attempt.renew(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == ALL_SCOPES
    assert (await door.mcp(second["access_token"])).status_code == 200
    assert (await attempt.renew(second["refresh_token"])).status_code == 200


async def test_retry_gets_the_same_successor_for_two_minutes(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    first = await attempt.tokens(person, ADA)
    results = await asyncio.gather(*(attempt.renew(first["refresh_token"]) for _ in range(20)))
    assert {response.status_code for response in results} == {200}
    assert len({response.json()["refresh_token"] for response in results}) == 1
    door.clock.ahead += timedelta(seconds=110)
    late = await attempt.renew(first["refresh_token"])
    assert late.json()["refresh_token"] == results[0].json()["refresh_token"]


async def test_refresh_token_replayed_after_the_grace_revokes_the_family(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    first = await attempt.tokens(person, ADA)
    second = (await attempt.renew(first["refresh_token"])).json()
    door.clock.ahead += timedelta(seconds=121)
    assert refused(await attempt.renew(first["refresh_token"])) == "invalid_grant"
    assert (await door.mcp(second["access_token"])).status_code == 401
    assert refused(await attempt.renew(second["refresh_token"])) == "invalid_grant"
    assert "grant:token:replayed" in await door.events()


async def test_grandparent_revokes_the_family_within_the_grace(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    first = await attempt.tokens(person, ADA)
    second = (await attempt.renew(first["refresh_token"])).json()
    third = (await attempt.renew(second["refresh_token"])).json()
    assert refused(await attempt.renew(first["refresh_token"])) == "invalid_grant"
    assert (await door.mcp(third["access_token"])).status_code == 401


async def test_refresh_token_of_another_client_is_worthless(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    other = (await door.register())["client_id"]
    stolen = await attempt.renew(tokens["refresh_token"], client_id=other)
    assert refused(stolen) == "invalid_grant"


async def test_renewal_may_narrow_but_not_widen(attempt: Attempt, person: Browser) -> None:
    answer = await attempt.answer(person, ADA, scope="jira:read jira:write")
    tokens = (await attempt.redeem(answer["code"])).json()
    wide = await attempt.renew(tokens["refresh_token"], scope="confluence:read")
    assert refused(wide) == "invalid_scope"
    narrow = (await attempt.renew(tokens["refresh_token"], scope="jira:read")).json()
    assert narrow["scope"] == "jira:read"
    again = (await attempt.renew(narrow["refresh_token"])).json()
    assert again["scope"] == "jira:read jira:write"


async def test_outage_of_the_provider_is_never_invalid_grant(
    entra: Entra, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    fault = {"method": "POST", "path_regex": "/token", "times": 1}
    for kind in ({"fault": "reset"}, {"fault": "status", "status": 500, "body": "<html>"}):
        await entra.port.faults([fault | kind])
        response = await attempt.renew(tokens["refresh_token"])
        assert response.status_code == 503
        assert response.json()["error"] == "temporarily_unavailable"
        assert response.headers["retry-after"]
    assert (await attempt.renew(tokens["refresh_token"])).status_code == 200


async def test_foreign_answer_in_place_of_the_metadata_signs_nobody_out(
    entra: Entra, own_door: Door, person: Browser
) -> None:
    # As a captive portal does: the metadata is read anew, and it is somebody else's.
    door = own_door
    await entra.port.configure(id_token_seconds=24 * 3600)  # only our clock moves below
    attempt = Attempt(door, (await door.register())["client_id"])
    tokens = await attempt.tokens(person, ADA)
    door.clock.ahead += timedelta(hours=13)
    fault = {"method": "GET", "path_regex": "openid-configuration", "times": 2}
    await entra.port.faults([fault | {"fault": "status", "status": 200, "body": '{"issuer":"x"}'}])
    assert (await person.http.get(f"{door.url}/me")).status_code == 200
    response = await attempt.renew(tokens["refresh_token"])
    assert response.json()["error"] == "temporarily_unavailable"
    assert (await attempt.renew(tokens["refresh_token"])).status_code == 200


async def test_person_refused_by_the_provider_gets_no_new_token(
    entra: Entra, door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    await entra.port.revoke(ADA)
    assert refused(await attempt.renew(tokens["refresh_token"])) == "invalid_grant"
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    assert (await person.http.get(f"{door.url}/me")).status_code == 401
    # Signing in again is a new start; what was void stays void.
    fresh = await attempt.tokens(person, ADA)
    assert (await door.mcp(fresh["access_token"])).status_code == 200
    assert refused(await attempt.renew(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoked_token_ends_the_family_at_once(
    door: Door, attempt: Attempt, person: Browser, kind: str
) -> None:
    tokens = await attempt.tokens(person, ADA)
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    form = {"token": tokens[kind], "client_id": attempt.client_id}
    assert (await door.http.post("/oauth/revoke", data=form)).status_code == 200
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    assert refused(await attempt.renew(tokens["refresh_token"])) == "invalid_grant"


async def test_client_cannot_revoke_what_is_not_its_own(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    other = (await door.register())["client_id"]
    form = {"token": tokens["refresh_token"], "client_id": other}
    assert (await door.http.post("/oauth/revoke", data=form)).status_code == 200
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    unknown = {"token": "nonsense", "client_id": attempt.client_id}
    assert (await door.http.post("/oauth/revoke", data=unknown)).status_code == 200


async def test_access_token_expires(door: Door, attempt: Attempt, person: Browser) -> None:
    tokens = await attempt.tokens(person, ADA)
    door.clock.ahead += timedelta(seconds=tokens["expires_in"] + 1)
    assert (await door.mcp(tokens["access_token"])).status_code == 401


async def test_refresh_token_is_no_bearer(door: Door, attempt: Attempt, person: Browser) -> None:
    tokens = await attempt.tokens(person, ADA)
    assert (await door.mcp(tokens["refresh_token"])).status_code == 401


@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", "é", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", "x" * 20_000],
)
async def test_garbage_bearer_is_refused(door: Door, token: str) -> None:
    response = await door.http.get("/mcp", headers={b"Authorization": b"Bearer " + token.encode()})
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": "\x00"}, "invalid_client"),
    ],
)
async def test_unknown_client_is_answered_401(door: Door, form: dict[str, str], error: str) -> None:
    response = await door.token(grant_type="authorization_code", **form)
    assert response.status_code == 401
    assert response.json()["error"] == error


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "resource": "https://x.example"}, "invalid_target"),
    ],
)
async def test_malformed_token_request_is_explained(
    door: Door, attempt: Attempt, form: dict[str, str], error: str
) -> None:
    response = await door.token(client_id=attempt.client_id, **form)
    assert refused(response) == error


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{}", "application/json"),
        (b"\xff=\xff", "application/x-www-form-urlencoded"),
        (b"a=1&" * 100, "application/x-www-form-urlencoded"),
        (b"x=" + b"a" * 70_000, "application/x-www-form-urlencoded"),
        (b"client_id=a&client_id=b", "application/x-www-form-urlencoded"),
    ],
)
async def test_garbage_body_is_invalid_request(door: Door, content: bytes, media_type: str) -> None:
    response = await door.http.post(
        "/oauth/token", content=content, headers={"Content-Type": media_type}
    )
    assert refused(response) == "invalid_request"


async def test_chat_token_works_until_the_person_is_refused(
    entra: Entra, own_door: Door, person: Browser
) -> None:
    door = own_door
    await person.open(f"{door.url}/start")
    await person.click(ADA)
    user_id = await only_user(door)
    token = await door.tokens.mint(
        user_id=user_id,
        client_id=CHAT_CLIENT_ID,
        scopes=frozenset({"jira:read"}),
        family_id=None,
        resource=f"{door.url}/mcp",
    )
    assert (await door.mcp(token)).json()["client"] == "Xerus chat"
    await entra.port.revoke(ADA)
    door.clock.ahead += timedelta(seconds=2)
    await door.recheck.ask(user_id)
    assert (await door.mcp(token)).status_code == 401


async def test_token_for_another_audience_or_client_without_family_is_refused(
    door: Door, person: Browser
) -> None:
    await person.open(f"{door.url}/start")
    await person.click(ADA)
    user_id = await only_user(door)
    foreign = await door.tokens.mint(
        user_id=user_id,
        client_id=CHAT_CLIENT_ID,
        scopes=frozenset({"jira:read"}),
        family_id=None,
        resource="https://sibling.example/mcp",
    )
    unbound = await door.tokens.mint(
        user_id=user_id,
        client_id="somebody",
        scopes=frozenset({"jira:read"}),
        family_id=None,
        resource=f"{door.url}/mcp",
    )
    assert (await door.mcp(foreign)).status_code == 401
    assert (await door.mcp(unbound)).status_code == 401


async def only_user(door: Door) -> UserId:
    rows = [row async for row in door.audit.export() if row["event"] == "account:session:created"]
    return UserId(str(rows[-1]["user_id"]))


async def test_owner_sees_and_ends_the_grant(own_door: Door, person: Browser) -> None:
    attempt = Attempt(own_door, (await own_door.register())["client_id"])
    tokens = await attempt.tokens(person, ADA)
    user_id = await only_user(own_door)
    (row,) = await own_door.families.of(user_id)
    assert row.client_name == "Test client"
    await own_door.families.end(row.id, user_id)
    assert await own_door.families.of(user_id) == []
    assert (await own_door.mcp(tokens["access_token"])).status_code == 401
