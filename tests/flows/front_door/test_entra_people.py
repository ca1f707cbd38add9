"""Who of a tenant, or of several, may come in, by what the simulated Entra ID says of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import CALLBACK, Attempt, Door, Entra, values_of
from tests.flows.front_door.test_bearer import entra_tokens
from tests.flows.front_door.test_signin import person_of, sign_in, status_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE
from tests.support.stack import Sandbox
from xerus.db.roles import Role

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
async def known(world: Sandbox) -> dict[str, Any]:
    given: dict[str, Any] = (await world.credentials())["entra"]
    return given


@pytest.fixture
def shared(entra: Entra, known: dict[str, Any]) -> Entra:
    """The registration as seen from the address that tenants share."""
    return replace(entra, issuer=known["shared_issuer"])


async def refusal(door: Door, browser: Browser, account: str) -> str:
    await browser.open(f"{door.url}/start")
    page = await browser.click(account)
    assert page.url.startswith(f"{door.url}/oauth/callback"), page.text
    assert page.status in {400, 403}
    return page.text


async def is_admin(door: Door, browser: Browser) -> bool:
    answer = (await browser.http.get(f"{door.url}/me")).json()
    return bool(answer["admin"])


# Several tenants ------------------------------------------------------------------------------


async def test_a_shared_issuer_lets_nobody_in_by_itself(
    shared: Entra, make_door: MakeDoor, person: Browser
) -> None:
    door = await make_door(shared)
    assert "cannot accept" in await refusal(door, person, ADA)


async def test_only_people_of_allowed_tenants_come_in(
    shared: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser, stranger: Browser
) -> None:
    await shared.port.configure(foreign_accounts=[GRACE])
    door = await make_door(shared, tenants=(known["tenant_id"].upper(),))
    await sign_in(door, person, ADA)
    assert "cannot accept" in await refusal(door, stranger, GRACE)
    tokens = await entra_tokens(shared, door, f"api://{shared.client_id}/mcp")
    assert (await door.mcp(tokens["access_token"])).json()["email"] == ADA
    await shared.port.configure(foreign_accounts=[ADA])
    tokens = await entra_tokens(shared, door, f"api://{shared.client_id}/mcp")
    refused = await door.mcp(tokens["access_token"])
    assert refused.status_code == 401
    assert known["other_tenant_id"] in refused.json()["why"]
    assert "ENTRA_ID_ALLOWED_TENANTS" in refused.json()["why"]


async def test_one_object_id_in_two_tenants_is_two_people(
    shared: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser, stranger: Browser
) -> None:
    door = await make_door(
        shared, tenants=(known["tenant_id"], known["other_tenant_id"]), admins=(ADA,)
    )
    await sign_in(door, person, ADA)
    await shared.port.configure(foreign_accounts=[ADA])
    await sign_in(door, stranger, ADA)
    assert (await person_of(door, person))[1] != (await person_of(door, stranger))[1]
    # An e-mail names nobody where several administrators hand out names.
    assert not await is_admin(door, person)
    assert not await is_admin(door, stranger)


async def test_a_guest_is_no_administrator_by_e_mail(
    entra: Entra, make_door: MakeDoor, person: Browser
) -> None:
    await entra.port.configure(guest_accounts=[ADA])
    door = await make_door(entra, admins=(ADA,))
    await sign_in(door, person, ADA)
    assert not await is_admin(door, person)


async def test_made_up_key_ids_do_not_become_a_flood_at_the_provider(
    entra: Entra, own_door: Door
) -> None:
    tokens = await entra_tokens(entra, own_door, f"api://{entra.client_id}/mcp")
    header, payload, signature = tokens["access_token"].split(".")
    for number in range(30):
        forged = f"eyJhbGciOiJSUzI1NiIsImtpZCI6Ij{number:02d}In0"
        assert (await own_door.mcp(f"{forged}.{payload}.{signature}")).status_code == 401
    asked = [e for e in await entra.port.log() if e["path"].endswith("/keys")]
    assert len(asked) <= 5
    assert header


# Conditional Access -----------------------------------------------------------------------------


async def test_a_claims_challenge_at_sign_in_sends_the_browser_back_with_the_claims(
    entra: Entra, door: Door, person: Browser
) -> None:
    await entra.port.configure(claims_challenge=True)
    await person.open(f"{door.url}/start")
    page = await person.click(ADA)
    assert "capolids" in values_of(page.url)["claims"][0]
    await person.click(ADA)
    assert person.page.url == f"{door.url}/me"
    door.clock.ahead += TEN_MINUTES
    assert await status_of(door, person) == 200


async def test_a_provider_that_is_never_content_is_not_asked_for_ever(
    entra: Entra, door: Door, person: Browser
) -> None:
    body = '{"error":"interaction_required","claims":"{\\"access_token\\":{}}"}'
    fault = {"method": "POST", "path_regex": "/token", "times": 9, "fault": "status"}
    await entra.port.faults([{**fault, "status": 400, "body": body}])
    await person.open(f"{door.url}/start")
    for _ in range(2):
        page = await person.click(ADA)
        assert "claims" in values_of(page.url)
    page = await person.click(ADA)
    assert page.status == 400
    assert "Sign-in did not work" in page.text


async def test_a_claims_challenge_at_renewal_makes_the_client_sign_in_again(
    entra: Entra, door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    await entra.port.configure(claims_challenge=True)
    refused = await attempt.renew(tokens["refresh_token"])
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    again = Attempt(door, attempt.client_id)
    await person.open(again.url())
    page = await person.click("Allow")
    # This browser's session was ended by the challenge, so the claims go along at once.
    assert "capolids" in values_of(page.url)["claims"][0]
    with pytest.raises(LeftTheWorld) as left:
        await person.click(ADA)
    answer = await again.redeem(values_of(left.value.url)["code"][0])
    assert (await again.renew(answer.json()["refresh_token"])).status_code == 200


async def test_a_claims_challenge_at_the_check_of_a_session_goes_along_to_sign_in(
    entra: Entra, door: Door, person: Browser, stranger: Browser
) -> None:
    await sign_in(door, person, ADA)
    await entra.port.configure(claims_challenge=True)
    door.clock.ahead += TEN_MINUTES
    assert await status_of(door, person) == 401
    started = await person.http.get(f"{door.url}/start")
    assert "capolids" in values_of(started.headers["location"])["claims"][0]
    elsewhere = await stranger.http.get(f"{door.url}/start")
    assert "claims" not in values_of(elsewhere.headers["location"])
    await sign_in(door, person, ADA)
    started = await person.http.get(f"{door.url}/start")
    assert "claims" not in values_of(started.headers["location"])


# Groups and app roles ---------------------------------------------------------------------------


async def test_administrator_by_group_until_the_next_check_after_leaving_it(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser
) -> None:
    await entra.port.configure(groups_claim=True)
    door = await make_door(entra, admins=(known["group_ids"]["administrators"],))
    await sign_in(door, person, ADA)
    assert await is_admin(door, person)
    await entra.port.configure(group_members=[])
    door.clock.ahead += TEN_MINUTES
    assert await status_of(door, person) == 200
    assert not await is_admin(door, person)
    await entra.port.configure(group_members=[ADA])
    door.clock.ahead += TEN_MINUTES
    assert await is_admin(door, person)


async def test_administrator_by_app_role(
    entra: Entra, make_door: MakeDoor, person: Browser, stranger: Browser
) -> None:
    await entra.port.configure(app_roles=[f"{ADA} Xerus.Admin"])
    door = await make_door(entra, admins=("Xerus.Admin",))
    await sign_in(door, person, ADA)
    await sign_in(door, stranger, GRACE)
    assert await is_admin(door, person)
    assert not await is_admin(door, stranger)


async def test_only_members_may_use_xerus_where_the_operator_says_so(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser, stranger: Browser
) -> None:
    await entra.port.configure(groups_claim=True)
    door = await make_door(entra, users=(known["group_ids"]["administrators"], "Xerus.User"))
    await sign_in(door, person, ADA)
    text = await refusal(door, stranger, GRACE)
    assert "You are not in a group that may use Xerus." in text
    assert "XERUS_USERS" in text
    assert await status_of(door, stranger) == 401
    await entra.port.configure(app_roles=[f"{GRACE} Xerus.User"])
    await sign_in(door, stranger, GRACE)


async def test_who_leaves_the_group_loses_session_and_grants_within_ten_minutes(
    entra: Entra, make_door: MakeDoor, person: Browser
) -> None:
    await entra.port.configure(app_roles=[f"{ADA} Xerus.User"])
    door = await make_door(entra, users=("Xerus.User",))
    attempt = Attempt(door, (await door.register())["client_id"])
    tokens = await attempt.tokens(person, ADA)
    await entra.port.configure(app_roles=[])
    door.clock.ahead += TEN_MINUTES
    refused = await attempt.renew(tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    assert await status_of(door, person) == 401
    assert (await door.mcp(tokens["access_token"])).status_code == 401


async def test_too_many_groups_are_said_plainly_and_let_nobody_in(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser, stranger: Browser
) -> None:
    await entra.port.configure(groups_claim=True, groups_overage=[ADA])
    group = known["group_ids"]["administrators"]
    door = await make_door(entra, users=(group, "Xerus.User"), admins=(group,))
    text = await refusal(door, person, ADA)
    assert "you are in too many" in text
    assert "Groups assigned to the application" in text
    await entra.port.configure(app_roles=[f"{ADA} Xerus.User"])
    await sign_in(door, stranger, ADA)
    assert not await is_admin(door, stranger)


async def test_too_many_groups_are_asked_of_graph_where_xerus_may(
    entra: Entra, make_door: MakeDoor, known: dict[str, Any], person: Browser, stranger: Browser
) -> None:
    await entra.port.configure(groups_claim=True, groups_overage=[ADA, GRACE])
    group = known["group_ids"]["administrators"]
    door = await make_door(
        entra, users=(group,), admins=(group,), scope="openid profile email User.Read"
    )
    await sign_in(door, person, ADA)
    assert await is_admin(door, person)
    assert "You are not in a group that may use Xerus." in await refusal(door, stranger, GRACE)
    # An outage of Graph says nothing about a person, leaving the group does.
    door.clock.ahead += TEN_MINUTES
    fault = {"method": "GET", "path_regex": "transitiveMemberOf", "times": 1, "fault": "status"}
    await entra.port.faults([{**fault, "status": 503}])
    assert await status_of(door, person) == 200
    await entra.port.configure(group_members=[])
    door.clock.ahead += TEN_MINUTES
    assert await status_of(door, person) == 401


async def test_a_token_of_entra_opens_nothing_for_who_may_not_use_xerus(
    entra: Entra, make_door: MakeDoor
) -> None:
    door = await make_door(entra, users=("Xerus.User",))
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    refused = await door.mcp(tokens["access_token"])
    assert refused.status_code == 401
    assert "not in a group" in refused.json()["why"]
    await entra.port.configure(app_roles=[f"{ADA} Xerus.User"])
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    assert (await door.mcp(tokens["access_token"])).status_code == 200


async def test_a_token_of_entra_opens_nothing_ten_minutes_after_its_person_was_disabled(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    door.clock.ahead += TEN_MINUTES
    assert (await door.mcp(tokens["access_token"])).status_code == 200
    await entra.port.configure(disabled_accounts=[ADA])
    door.clock.ahead += TEN_MINUTES
    refused = await door.mcp(tokens["access_token"])
    assert refused.status_code == 401
    assert "revoked" in refused.json()["why"]


async def test_a_token_of_entra_opens_nothing_for_whom_an_administrator_keeps_out(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    tokens = await entra_tokens(entra, door, f"api://{entra.client_id}/mcp")
    await keep_out(door, door.clock.now())
    refused = await door.mcp(tokens["access_token"])
    await keep_out(door, None)  # the door is shared
    assert refused.status_code == 401
    assert "revoked" in refused.json()["why"]


async def keep_out(door: Door, since: datetime | None) -> None:
    async with door.database.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE users SET disabled_at = %s", (since,))


async def test_a_disabled_person_is_out_within_ten_minutes(
    entra: Entra, door: Door, attempt: Attempt, person: Browser
) -> None:
    tokens = await attempt.tokens(person, ADA)
    await entra.port.configure(disabled_accounts=[ADA])
    door.clock.ahead += TEN_MINUTES
    assert await status_of(door, person) == 401
    assert (await attempt.renew(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await door.mcp(tokens["access_token"])).status_code == 401
    assert attempt.redirect_uri == CALLBACK
