"""Web sessions: sign-in, the check that a person is still allowed, sign-out, the local link."""

from datetime import timedelta

import psycopg
import pytest

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import Door, Entra, values_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE
from xerus.db.roles import Role
from xerus.errors import Forbidden, NotConfigured, NotSignedIn
from xerus.ids import SessionId, UserId


async def sign_in(door: Door, browser: Browser, account: str) -> None:
    await browser.open(f"{door.url}/start")
    await browser.click(account)
    assert browser.page.url == f"{door.url}/me", browser.page.text


async def status_of(door: Door, browser: Browser) -> int:
    return (await browser.http.get(f"{door.url}/me")).status_code


async def person_of(door: Door, browser: Browser) -> tuple[SessionId, UserId]:
    token = browser.http.cookies[door.cookies.session_name]
    session = await door.sessions.read(token)
    assert session is not None
    return session.id, session.user.id


async def test_sign_in_leads_back_to_the_page_that_was_asked_for(
    door: Door, person: Browser
) -> None:
    await person.open(f"{door.url}/start?to=/me%3Fx=1")
    await person.click(ADA)
    assert person.page.url == f"{door.url}/me?x=1"
    assert "account:session:created" in await door.events()


async def test_sign_in_never_leads_to_another_site(door: Door, person: Browser) -> None:
    person.stops_at = (f"{door.url}/oauth/callback",)
    await person.open(f"{door.url}/start?to=//evil.example/")
    with pytest.raises(LeftTheWorld) as left:
        await person.click(ADA)
    response = await person.http.get(left.value.url)
    assert response.headers["location"] == "/"


async def test_cookies_are_http_only_and_lax(door: Door, person: Browser) -> None:
    started = await person.http.get(f"{door.url}/start")
    cookie = started.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


async def test_session_in_the_database_is_a_hash(door: Door, person: Browser) -> None:
    await sign_in(door, person, ADA)
    token = person.http.cookies[door.cookies.session_name]
    async with door.database.transaction(Role.GATE) as conn:
        cursor = await conn.execute("SELECT token_hash FROM sessions")
        hashes = [bytes(row["token_hash"]) for row in await cursor.fetchall()]
    assert token.encode() not in hashes
    assert all(len(value) == 32 for value in hashes)


async def test_ended_session_is_over_at_once(door: Door, person: Browser) -> None:
    await sign_in(door, person, ADA)
    session_id, user_id = await person_of(door, person)
    assert session_id in {row.id for row in await door.sessions.of(user_id)}
    await door.sessions.end(session_id, user_id)
    assert await status_of(door, person) == 401
    assert session_id not in {row.id for row in await door.sessions.of(user_id)}


async def test_nobody_ends_the_session_of_somebody_else(
    door: Door, person: Browser, stranger: Browser
) -> None:
    await sign_in(door, person, ADA)
    await sign_in(door, stranger, GRACE)
    session_id, _ = await person_of(door, person)
    _, grace = await person_of(door, stranger)
    await door.sessions.end(session_id, grace)
    assert await status_of(door, person) == 200


async def test_person_is_asked_about_again_within_ten_minutes(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    await entra.port.revoke(ADA)
    assert await status_of(door, person) == 200
    door.clock.ahead += timedelta(minutes=10)
    assert await status_of(door, person) == 401
    assert "account:session:ended" in await door.events()


async def test_outage_of_the_provider_signs_nobody_out(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    door.clock.ahead += timedelta(minutes=10)
    fault = {"method": "POST", "path_regex": "/token", "times": 1, "fault": "status", "status": 503}
    await entra.port.faults([fault])
    assert await status_of(door, person) == 200
    door.clock.ahead += timedelta(minutes=10)
    assert await status_of(door, person) == 200


async def test_wrong_client_secret_signs_nobody_out(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    door.clock.ahead += timedelta(minutes=10)
    body = '{"error":"invalid_client","error_description":"AADSTS7000222"}'
    await entra.port.faults(
        [
            {
                "method": "POST",
                "path_regex": "/token",
                "times": 1,
                "fault": "status",
                "status": 401,
                "body": body,
            }
        ]
    )
    assert await status_of(door, person) == 200


async def test_check_is_asked_once_for_many_requests(
    entra: Entra, door: Door, person: Browser
) -> None:
    await sign_in(door, person, ADA)
    _, user_id = await person_of(door, person)
    before = len([e for e in await entra.port.log() if e["path"].endswith("/token")])
    verdicts = {await door.recheck.ask(user_id)}
    assert verdicts == {"allowed"}
    after = len([e for e in await entra.port.log() if e["path"].endswith("/token")])
    assert after == before + 1


async def test_session_expires(own_door: Door, person: Browser) -> None:
    door = own_door
    await sign_in(door, person, ADA)
    door.clock.ahead += timedelta(days=31)
    assert await status_of(door, person) == 401


async def test_session_survives_while_notifications_are_down(
    own_door: Door, person: Browser
) -> None:
    await sign_in(own_door, person, ADA)
    session_id, _ = await person_of(own_door, person)
    await own_door.listener.stop()
    assert await status_of(own_door, person) == 200
    async with own_door.database.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE sessions SET ended_at = now() WHERE id = %s", (session_id,))
    assert await status_of(own_door, person) == 401


async def test_rotated_signing_key_of_the_provider_is_found(
    entra: Entra, own_door: Door, person: Browser
) -> None:
    door = own_door
    await sign_in(door, person, ADA)
    door.clock.ahead += timedelta(minutes=1)
    await entra.port.rotate_keys()
    await sign_in(door, person, GRACE)


async def test_refusal_of_the_code_is_said_in_words(
    entra: Entra, door: Door, person: Browser
) -> None:
    await person.open(f"{door.url}/start")
    body = (
        '{"error":"invalid_grant","error_codes":[54005],"error_description":"AADSTS54005: Redeemed.'
        ' Trace ID: 0f0e0d0c-0000-4000-8000-00000000000a"}'
    )
    await entra.port.faults(
        [
            {
                "method": "POST",
                "path_regex": "/token",
                "times": 1,
                "fault": "status",
                "status": 400,
                "body": body,
            }
        ]
    )
    page = await person.click(ADA)
    assert page.status == 400
    assert "This answer of Entra ID was used before. (AADSTS54005)" in page.text
    assert "trace 0f0e0d0c-0000-4000-8000-00000000000a" in page.text
    assert "Reference for support" in page.text
    assert person.can("Back to sign-in")
    assert "account:signin:refused" in await door.events()


async def test_made_up_states_do_not_fill_the_audit_log(own_door: Door, stranger: Browser) -> None:
    for number in range(5):
        page = await stranger.open(f"{own_door.url}/oauth/callback?state=made-up-{number}&code=x")
        assert page.status == 400
    assert "account:signin:refused" not in await own_door.events()


async def test_sign_in_asks_for_offline_access_and_sends_no_resource(
    door: Door, person: Browser
) -> None:
    response = await person.http.get(f"{door.url}/start")
    query = values_of(response.headers["location"])
    assert set(query["scope"][0].split()) == {"openid", "profile", "email", "offline_access"}
    assert "resource" not in query
    assert query["redirect_uri"] == [f"{door.url}/oauth/callback"]


async def test_administrator_by_e_mail_is_bound_to_the_first_person(
    make_door: MakeDoor, entra: Entra, person: Browser, stranger: Browser
) -> None:
    door = await make_door(entra, admins=(ADA,))
    await sign_in(door, stranger, GRACE)
    await sign_in(door, person, ADA)
    assert (await person.http.get(f"{door.url}/me")).json()["admin"] is True
    assert (await stranger.http.get(f"{door.url}/me")).json()["admin"] is False
    _, grace = await person_of(door, stranger)
    async with door.database.transaction(Role.GATE) as conn:
        await conn.execute("UPDATE admin_emails SET user_id = %s", (grace,))
    async with Browser() as later:
        await sign_in(door, later, ADA)
        assert (await later.http.get(f"{door.url}/me")).json()["admin"] is False


async def test_local_link_signs_in_once_on_this_machine_only(
    local_door: Door, person: Browser, stranger: Browser
) -> None:
    link = (await local_door.local.new_link()).get_secret_value()
    secret = link.partition("link=")[2]
    with pytest.raises(Forbidden):
        await local_door.local.redeem(secret, address="192.0.2.7")
    await person.open(link)
    assert (await person.http.get(f"{local_door.url}/me")).json()["admin"] is True
    with pytest.raises(NotSignedIn):
        await local_door.local.redeem(secret, address="127.0.0.1")


async def test_without_provider_sign_in_names_the_settings(local_door: Door) -> None:
    with pytest.raises(NotConfigured) as refusal:
        await local_door.sign_in.begin(browser="b", purpose="web")
    assert "ENTRA_ID_CLIENT_ID" in refusal.value.hint


async def test_local_link_is_off_with_a_provider(door: Door) -> None:
    with pytest.raises(Forbidden):
        await door.local.redeem("x", address="127.0.0.1")


async def test_app_role_sees_own_sessions_and_no_credential(
    door: Door, person: Browser, stranger: Browser
) -> None:
    await sign_in(door, person, ADA)
    await sign_in(door, stranger, GRACE)
    _, ada = await person_of(door, person)
    async with door.database.transaction(Role.APP, user_id=ada) as conn:
        cursor = await conn.execute("SELECT DISTINCT user_id FROM sessions")
        assert [str(row["user_id"]) for row in await cursor.fetchall()] == [ada]
    async with door.database.transaction(Role.APP) as conn:
        cursor = await conn.execute("SELECT count(*) AS n FROM users")
        row = await cursor.fetchone()
        assert row is not None
        assert row["n"] == 0
    for role in (Role.APP, Role.GATE):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with door.database.transaction(role, user_id=ada) as conn:
                await conn.execute("SELECT refresh_token FROM identities")
