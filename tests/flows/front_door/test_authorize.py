"""From the client's request over consent and sign-in back to the client."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from tests.flows.front_door.conftest import MakeDoor
from tests.flows.front_door.door import CALLBACK, Attempt, Door, Entra, query_of, values_of
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE


async def entra_requests(entra: Entra) -> list[str]:
    return [entry["path"] for entry in await entra.port.log()]


async def test_client_gets_code_state_and_issuer(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    answer = await attempt.answer(person, ADA)
    assert answer.keys() == {"code", "state", "iss"}
    assert answer["state"] == attempt.state
    assert answer["iss"] == door.url


async def test_consent_names_client_destination_and_scopes(
    attempt: Attempt, person: Browser
) -> None:
    page = await person.open(attempt.url(scope="jira:read"))
    assert page.status == 200
    assert "Test client" in page.text
    assert "127.0.0.1" in page.text
    assert "Read issues" in page.text
    assert "Create and change" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_client_name_is_escaped(door: Door, person: Browser) -> None:
    reply = await door.register(client_name="<script>alert(1)</script>")
    page = await person.open(Attempt(door, reply["client_id"]).url())
    assert "<script>alert(1)" not in page.html


async def test_consent_is_shown_even_in_a_signed_in_browser(
    attempt: Attempt, person: Browser
) -> None:
    await attempt.answer(person, ADA)
    await person.open(attempt.url())
    assert person.can("Allow")


async def test_nothing_is_asked_of_the_provider_before_consent(
    entra: Entra, attempt: Attempt, person: Browser
) -> None:
    await person.open(attempt.url())
    assert await entra_requests(entra) == []
    assert "127.0.0.1" not in person.page.headers.get("location", "")


async def test_form_is_answered_with_a_page_that_leads_on(
    entra: Entra, door: Door, attempt: Attempt, person: Browser
) -> None:
    page = await person.open(attempt.url())
    response = await person.http.post(
        f"{door.url}/oauth/authorize", data={**page.forms[-1].fields, "decision": "allow"}
    )
    assert response.status_code == 200
    assert response.headers["refresh"].startswith(f"0; url={entra.port.base}/")
    assert "Continue" in response.text
    query = values_of(response.headers["refresh"].partition("url=")[2])
    assert "resource" not in query
    assert "offline_access" in query["scope"][0].split()
    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"]


async def test_cancel_tells_the_client(door: Door, attempt: Attempt, person: Browser) -> None:
    await person.open(attempt.url())
    with pytest.raises(LeftTheWorld) as left:
        await person.click("Cancel")
    answer = query_of(left.value.url)
    assert answer["error"] == "access_denied"
    assert answer["state"] == attempt.state
    assert answer["iss"] == door.url


async def test_cancel_at_the_provider_tells_the_client(attempt: Attempt, person: Browser) -> None:
    await person.open(attempt.url())
    await person.click("Allow")
    with pytest.raises(LeftTheWorld) as left:
        await person.click("Cancel")
    assert query_of(left.value.url)["error"] == "access_denied"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"client_id": "x" * 3000},
        {"redirect_uri": "http://127.0.0.1:33999/other"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:33999/callback#f"},
        {"redirect_uri": "http://127.0.0.1:33999/x/../callback"},
        {"redirect_uri": "http://127.0.0.1:33999@evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:33999/callback?x=1"},
    ],
)
async def test_bad_client_or_redirect_is_never_redirected(
    attempt: Attempt, stranger: Browser, changes: dict[str, str | None]
) -> None:
    page = await stranger.open(attempt.url(**changes))
    assert page.status == 400
    assert "refresh" not in page.headers
    assert not stranger.can("Allow")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "jira:read admin"}, "invalid_scope"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"resource": "http://localhost/mcp"}, "invalid_target"),
    ],
)
async def test_other_mistakes_go_back_to_the_client(
    door: Door,
    attempt: Attempt,
    stranger: Browser,
    changes: dict[str, str | None],
    error: str,
) -> None:
    with pytest.raises(LeftTheWorld) as left:
        await stranger.open(attempt.url(**changes))
    assert left.value.url.startswith(CALLBACK)
    answer = query_of(left.value.url)
    assert answer["error"] == error
    assert answer["state"] == attempt.state
    assert answer["iss"] == door.url


async def test_repeated_parameter_is_refused(attempt: Attempt, stranger: Browser) -> None:
    with pytest.raises(LeftTheWorld) as left:
        await stranger.open(attempt.url() + "&scope=jira:read&scope=jira:write")
    assert query_of(left.value.url)["error"] == "invalid_request"


async def test_query_of_the_redirect_address_is_kept(door: Door, person: Browser) -> None:
    uri = f"{CALLBACK}?tenant=7"
    reply = await door.register(redirect_uris=[uri])
    answer = await Attempt(door, reply["client_id"], redirect_uri=uri).answer(person, ADA)
    assert answer["tenant"] == "7"
    assert answer["code"]


async def test_consent_of_another_browser_is_refused(
    door: Door, attempt: Attempt, person: Browser, stranger: Browser
) -> None:
    page = await person.open(attempt.url())
    await stranger.open(attempt.url())
    response = await stranger.http.post(
        f"{door.url}/oauth/authorize", data={**page.forms[-1].fields, "decision": "allow"}
    )
    assert response.status_code == 403
    assert "refresh" not in response.headers


async def test_forged_consent_form_is_refused(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    page = await person.open(attempt.url())
    fields = {**page.forms[-1].fields, "decision": "allow"}

    async def sent(fields: dict[str, str], **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{door.url}/oauth/authorize"
        return (await person.http.post(address, data=fields, headers=named)).status_code

    assert await sent({**fields, "csrf": "x" * 43}, Origin=door.url) == 403
    assert await sent(fields, Sec_Fetch_Site="cross-site") == 403
    for origin in ("https://evil.example", "null", f"{door.url}.evil.example", ""):
        assert await sent(fields, Origin=origin) == 403
        assert await sent(fields, Origin=origin, Sec_Fetch_Site="same-origin") == 403
    assert await sent(fields) == 200


async def test_consent_form_is_taken_with_the_origin_of_its_own_page(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    page = await person.open(attempt.url())
    taken = await person.http.post(
        f"{door.url}/oauth/authorize",
        data={**page.forms[-1].fields, "decision": "allow"},
        headers={"Origin": door.url, "Sec-Fetch-Site": "same-origin"},
    )
    assert taken.status_code == 200


async def test_callback_in_another_browser_is_refused(
    door: Door, attempt: Attempt, person: Browser, stranger: Browser
) -> None:
    person.stops_at = (f"{door.url}/oauth/callback",)
    before = (await door.events()).count("grant:code:issued")
    await person.open(attempt.url())
    await person.click("Allow")
    with pytest.raises(LeftTheWorld) as left:
        await person.click(ADA)
    page = await stranger.open(left.value.url)
    assert page.status == 403
    await stranger.open(f"{door.url}/start")
    page = await stranger.open(left.value.url)
    assert page.status == 403
    assert (await door.events()).count("grant:code:issued") == before


async def test_callback_works_once(door: Door, attempt: Attempt, person: Browser) -> None:
    person.stops_at = (f"{door.url}/oauth/callback",)
    await person.open(attempt.url())
    await person.click("Allow")
    with pytest.raises(LeftTheWorld) as left:
        await person.click(ADA)
    first = await person.http.get(left.value.url)
    again = await person.http.get(left.value.url)
    assert first.status_code == 302
    assert first.headers["location"].startswith(CALLBACK)
    assert again.status_code == 400
    assert "location" not in again.headers


async def test_unknown_state_is_a_page_in_words(door: Door, person: Browser) -> None:
    page = await person.open(f"{door.url}/oauth/callback?code=x&state=unknown")
    assert page.status == 400
    assert "expired" in page.text
    assert "Reference for support" in page.text


async def test_consent_expires_after_ten_minutes(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    await person.open(attempt.url())
    door.clock.ahead += timedelta(minutes=11)
    page = await person.click("Allow")
    assert page.status == 403
    assert "expired" in page.text


async def test_double_click_on_allow_still_leads_to_sign_in(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    page = await person.open(attempt.url())
    fields = {**page.forms[-1].fields, "decision": "allow"}
    await person.http.post(f"{door.url}/oauth/authorize", data=fields)
    answer = await attempt.finish(person, ADA)
    assert answer["code"]


async def test_provider_outage_is_said_with_a_way_back(
    entra: Entra, own_door: Door, person: Browser
) -> None:
    attempt = Attempt(own_door, (await own_door.register())["client_id"])
    await entra.port.faults(
        [{"method": "*", "path_regex": "openid-configuration", "times": 5, "fault": "reset"}]
    )
    await person.open(attempt.url())
    page = await person.click("Allow")
    assert page.status == 503
    assert person.can("Back to Test client")


async def test_person_who_authorized_has_a_web_session(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    await attempt.answer(person, ADA)
    me = await person.http.get(f"{door.url}/me")
    assert me.json()["email"] == ADA


async def test_second_account_in_the_browser_replaces_the_first(
    door: Door, attempt: Attempt, person: Browser
) -> None:
    await attempt.answer(person, ADA)
    await attempt.answer(person, GRACE)
    me = await person.http.get(f"{door.url}/me")
    assert me.json()["email"] == GRACE


async def test_consent_and_code_are_audited(door: Door, attempt: Attempt, person: Browser) -> None:
    await attempt.answer(person, ADA)
    events = await door.events()
    for event in ("client:consent:shown", "client:consent:approved", "grant:code:issued"):
        assert event in events


async def test_without_provider_authorize_says_what_is_missing(
    local_door: Door, person: Browser
) -> None:
    reply = await local_door.register()
    page = await person.open(Attempt(local_door, reply["client_id"]).url())
    assert page.status == 503
    assert "ENTRA_ID_EXPECTED_ISSUER" in page.text


async def test_without_provider_the_local_administrator_authorizes(
    local_door: Door, person: Browser
) -> None:
    link = (await local_door.local.new_link()).get_secret_value()
    await person.open(link)
    attempt = Attempt(local_door, (await local_door.register())["client_id"])
    tokens = await attempt.tokens(person, "")
    seen = await local_door.mcp(tokens["access_token"])
    assert seen.status_code == 200
    renewed = await attempt.renew(tokens["refresh_token"])
    assert renewed.status_code == 200


async def test_many_registrations_reach_no_provider_without_consent(
    entra: Entra, door: Door, person: Browser
) -> None:
    for number in range(20):
        reply = await door.register(redirect_uris=[f"https://evil{number}.example/cb"])
        uri = f"https://evil{number}.example/cb"
        page = await person.open(Attempt(door, reply["client_id"], redirect_uri=uri).url())
        assert urlsplit(page.url).path == "/oauth/authorize"
        assert f"evil{number}.example" in page.text
    assert await entra_requests(entra) == []


async def test_administrator_is_named_by_object_id_or_bound_e_mail(
    make_door: MakeDoor, entra: Entra, person: Browser
) -> None:
    door = await make_door(entra, admins=(ADA,))
    await person.open(f"{door.url}/start")
    await person.click(ADA)
    assert (await person.http.get(f"{door.url}/me")).json()["admin"] is True
