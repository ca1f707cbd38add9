"""Sentences of the standards that no other test is about."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.flows.front_door.door import Attempt, Door, query_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA
from xerus.clock import SystemClock


async def test_unknown_parameters_are_ignored(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA, surprise="x", display="popup")
    response = await attempt.redeem(answer["code"], surprise="x")
    assert response.status_code == 200
    assert (await door.register(surprise={"x": 1}))["client_id"]


async def test_an_empty_parameter_is_none(attempt: Attempt, person: Browser) -> None:
    answer = await attempt.answer(person, ADA, scope="", prompt="")
    assert "code" in answer


async def test_a_client_uses_one_way_to_authenticate(door: Door) -> None:
    client = await door.register(token_endpoint_auth_method="client_secret_basic")
    known = (client["client_id"], client["client_secret"])
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    both = await door.http.post(
        "/oauth/token", data=form | {"client_id": known[0], "client_secret": known[1]}, auth=known
    )
    assert both.status_code in {400, 401}
    assert both.json()["error"] in {"invalid_request", "invalid_client"}


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/register"])
async def test_endpoints_for_programs_take_post_alone(door: Door, path: str) -> None:
    answer = await door.http.get(path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


async def test_the_way_back_is_no_307_and_says_nothing_to_the_next_page(
    attempt: Attempt, person: Browser
) -> None:
    response = await person.http.get(attempt.url(response_type="token"))
    assert response.status_code == 302
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"


async def test_an_access_token_has_the_claims_of_rfc_9068(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    bearer = await door.tokens.verify(tokens["access_token"])
    claims = await claims_of(door, tokens["access_token"])
    assert claims["sub"] == bearer.user.id
    assert claims["scope"] == tokens["scope"]
    assert claims["jti"] == bearer.token_id
    assert claims["iat"] <= SystemClock().now().timestamp() <= claims["exp"]
    again = await attempt.renew(tokens["refresh_token"])
    assert (await claims_of(door, again.json()["access_token"]))["jti"] != claims["jti"]
    assert tokens["expires_in"] > 0


async def test_an_unknown_hint_revokes_all_the_same(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    form = {"token": tokens["access_token"], "client_id": attempt.client_id}
    answer = await door.http.post("/oauth/revoke", data=form | {"token_type_hint": "surprise"})
    assert answer.status_code == 200
    assert (await door.mcp(tokens["access_token"])).status_code == 401


async def test_revocation_needs_the_client(door: Door) -> None:
    assert (await door.http.post("/oauth/revoke", data={"token": "x"})).status_code == 401
    confidential = await door.register(token_endpoint_auth_method="client_secret_post")
    form = {"token": "x", "client_id": confidential["client_id"], "client_secret": "wrong"}
    assert (await door.http.post("/oauth/revoke", data=form)).status_code == 401


async def test_a_registration_answers_with_what_was_registered(door: Door) -> None:
    body = {"client_name": "Letter", "redirect_uris": ["https://client.example/cb"]}
    answer = await door.http.post("/oauth/register", json=body)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    reply = answer.json()
    assert reply["client_id_issued_at"] > 0
    assert reply["response_types"] == ["code"]
    assert set(reply["grant_types"]) == {"authorization_code", "refresh_token"}
    assert body.items() <= reply.items()


async def test_two_registrations_never_share_an_id(door: Door) -> None:
    same = {"client_name": "Twin", "redirect_uris": ["https://client.example/cb"]}
    first, second = await door.register(**same), await door.register(**same)
    assert first["client_id"] != second["client_id"]


async def test_a_loopback_client_may_use_another_port_each_time(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    other = Attempt(door, attempt.client_id, redirect_uri="http://127.0.0.1:45671/callback")
    person.stops_at = (other.redirect_uri,)
    answer = await other.answer(person, ADA)
    assert (await other.redeem(answer["code"])).status_code == 200


async def test_several_resources_are_one_where_all_are_ours(
    door: Door, attempt: Attempt, stranger: Browser
) -> None:
    page = await stranger.open(attempt.url() + f"&resource={door.url}/mcp/")
    assert page.status == 200
    with pytest.raises(LeftTheWorld) as left:
        await stranger.open(attempt.url() + "&resource=https://other.example")
    assert query_of(left.value.url)["error"] == "invalid_target"


async def test_a_client_without_metadata_renews_at_the_root(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    form = {"grant_type": "refresh_token", "client_id": attempt.client_id}
    tokens = await attempt.tokens(person, ADA)
    form["refresh_token"] = tokens["refresh_token"]
    assert (await door.http.post("/token", data=form)).status_code == 200
    body = {"redirect_uris": ["https://client.example/cb"]}
    assert (await door.http.post("/register", json=body)).status_code == 201
    page = await person.open(attempt.url().replace("/oauth/authorize", "/authorize"))
    assert person.can("Allow")
    assert page.status == 200


async def claims_of(door: Door, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set((await door.http.get("/oauth/jwks")).json())
    return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)
