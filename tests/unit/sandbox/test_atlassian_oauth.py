import re
from typing import Any

import pytest

from xerus_sandbox.opaque import challenge_of

DAY = 86_400


async def test_consent_gives_a_code_and_the_code_gives_tokens(browser: Any) -> None:
    back = await browser.consent("ada@example.com")
    assert back.location["state"] == "s t&a=te"
    assert len(back.location["code"]) >= 800
    answer = await browser.redeem(back.location["code"])
    assert answer.status == 200
    assert answer.json["expires_in"] == 3600
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["scope"] == "read:jira-work write:jira-work read:me offline_access"
    assert (await browser.call(answer.json["access_token"])).json["by"] == "ada@example.com"


async def test_pages_are_plain_forms_without_anything_from_outside(browser: Any) -> None:
    sign_in = await browser.atlassian_request()
    assert re.findall(r"<button[^>]*>([^<]*)<", sign_in.text) == [
        "ada@example.com",
        "grace@example.com",
        "alan@example.com",
    ]
    page = await browser.press(browser.atlassian, sign_in, "account", "grace@example.com")
    assert "HttpOnly; Path=/; SameSite=lax" in page.headers["set-cookie"]
    consent = await browser.get(browser.atlassian + page.headers["location"])
    assert re.findall(r"<button[^>]*>([^<]*)<", consent.text) == [
        "Accept",
        "Decline",
        "Use another account",
    ]
    for shown in (sign_in, consent):
        assert "<script" not in shown.text
        assert not re.search(r"(src|href)=\"(?!data:,)", shown.text)


async def test_a_session_skips_sign_in_but_never_consent(browser: Any) -> None:
    await browser.connect()
    assert "Accept" in (await browser.atlassian_request()).text


async def test_declining_comes_back_as_access_denied_without_a_code(browser: Any) -> None:
    back = await browser.consent("ada@example.com", "decline")
    assert back.location["error"] == "access_denied"
    assert back.location["state"] == "s t&a=te"
    assert "code" not in back.location


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "someone"},
        {"redirect_uri": "https://evil.example/connections/atlassian/callback"},
        {"redirect_uri": "http://localhost:8000/elsewhere"},
        {"redirect_uri": "http://localhost@evil.example/connections/atlassian/callback"},
        {"redirect_uri": "http://localhost:8000/connections/atlassian/callback#x"},
        {"audience": "api.elsewhere.example"},
    ],
)
async def test_an_untrusted_request_gets_a_page_and_no_redirect(
    browser: Any, change: dict[str, str]
) -> None:
    answer = await browser.atlassian_request(**change)
    assert answer.status == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_registered_redirect_list_is_exact(browser: Any) -> None:
    await browser.config(browser.atlassian, redirect_uris=["https://x.example/cb"])
    assert (await browser.atlassian_request()).status == 400
    good = await browser.atlassian_request(redirect_uri="https://x.example/cb")
    assert good.status == 200


async def test_token_requests_work_as_a_form_too(browser: Any) -> None:
    back = await browser.consent("ada@example.com")
    known = browser.credentials["atlassian"]
    answer = await browser.post(
        f"{browser.atlassian}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "client_id": known["client_id"],
            "client_secret": known["client_secret"],
            "code": back.location["code"],
            "redirect_uri": "http://localhost:8000/connections/atlassian/callback",
        },
    )
    assert answer.status == 200


async def test_a_code_works_once_and_only_with_its_redirect(browser: Any) -> None:
    code = (await browser.consent("ada@example.com")).location["code"]
    wrong = await browser.redeem(
        code, redirect_uri="http://localhost:9/connections/atlassian/callback"
    )
    assert (wrong.status, wrong.json["error"]) == (403, "invalid_grant")
    assert (await browser.redeem(code)).status == 200
    again = await browser.redeem(code)
    assert (again.status, again.json["error"]) == (403, "invalid_grant")


async def test_an_expired_code_is_refused(browser: Any) -> None:
    code = (await browser.consent("ada@example.com")).location["code"]
    await browser.advance(browser.atlassian, 601)
    assert (await browser.redeem(code)).status == 403


async def test_a_challenge_is_verified_unless_switched_off(browser: Any) -> None:
    challenge = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}
    code = (await browser.consent("ada@example.com", **challenge)).location["code"]
    assert (await browser.redeem(code)).status == 403
    assert (await browser.redeem(code, code_verifier="w" * 43)).status == 403
    assert (await browser.redeem(code, code_verifier="v" * 43)).status == 200
    await browser.config(browser.atlassian, verify_pkce=False)
    code = (await browser.consent("ada@example.com", **challenge)).location["code"]
    assert (await browser.redeem(code, code_verifier="w" * 43)).status == 200


async def test_a_wrong_client_secret_is_access_denied(browser: Any) -> None:
    answer = await browser.atlassian_token(
        grant_type="refresh_token", refresh_token="x", client_secret="wrong"
    )
    assert answer.status == 401
    assert answer.json == {"error": "access_denied", "error_description": "Unauthorized"}


async def test_an_unknown_refresh_token_is_unauthorized_client(browser: Any) -> None:
    answer = await browser.refresh("never issued")
    assert answer.status == 403
    assert answer.json == {
        "error": "unauthorized_client",
        "error_description": "refresh_token is invalid",
    }


async def test_without_offline_access_there_is_no_refresh_token(browser: Any) -> None:
    assert "refresh_token" not in await browser.connect(scope="read:jira-work")


async def test_inside_the_leeway_the_old_tokens_still_work(browser: Any) -> None:
    first = await browser.connect()
    second = (await browser.refresh(first["refresh_token"])).json
    await browser.advance(browser.atlassian, 590)
    assert (await browser.call(first["access_token"])).status == 200
    third = await browser.refresh(first["refresh_token"])
    assert third.status == 200
    assert (await browser.refresh(second["refresh_token"])).status == 200
    assert (await browser.refresh(third.json["refresh_token"])).status == 200


async def test_reuse_after_the_leeway_ends_the_family(browser: Any) -> None:
    first = await browser.connect()
    second = (await browser.refresh(first["refresh_token"])).json
    await browser.advance(browser.atlassian, 601)
    assert (await browser.call(first["access_token"])).status == 401
    reuse = await browser.refresh(first["refresh_token"])
    assert (reuse.status, reuse.json["error"]) == (403, "unauthorized_client")
    assert (await browser.refresh(second["refresh_token"])).status == 403
    assert (await browser.call(second["access_token"])).status == 401


async def test_without_leeway_a_second_use_fails_at_once(browser: Any) -> None:
    await browser.config(browser.atlassian, refresh_grace_seconds=0)
    first = await browser.connect()
    assert (await browser.refresh(first["refresh_token"])).status == 200
    assert (await browser.refresh(first["refresh_token"])).status == 403


async def test_a_refresh_token_dies_after_90_idle_days(browser: Any) -> None:
    tokens = await browser.connect()
    await browser.advance(browser.atlassian, 89 * DAY)
    tokens = (await browser.refresh(tokens["refresh_token"])).json
    await browser.advance(browser.atlassian, 91 * DAY)
    answer = await browser.refresh(tokens["refresh_token"])
    assert (answer.status, answer.json["error"]) == (403, "invalid_grant")


async def test_a_family_dies_365_days_after_consent_however_busy(browser: Any) -> None:
    tokens = await browser.connect()
    for _ in range(5):
        await browser.advance(browser.atlassian, 72 * DAY)
        answer = await browser.refresh(tokens["refresh_token"])
        assert answer.status == 200
        tokens = answer.json
    await browser.advance(browser.atlassian, 6 * DAY)
    answer = await browser.refresh(tokens["refresh_token"])
    assert answer.json["error"] == "invalid_grant"


async def test_revoking_makes_the_next_call_401_and_the_next_refresh_403(browser: Any) -> None:
    tokens, other = await browser.connect(), await browser.connect("alan@example.com")
    url = f"{browser.atlassian}/_sandbox/grants/revoke"
    assert (await browser.post(url, json={"account": "ada@example.com"})).status == 200
    assert (await browser.call(tokens["access_token"])).status == 401
    answer = await browser.refresh(tokens["refresh_token"])
    assert answer.status == 403
    assert answer.json == {
        "error": "invalid_grant",
        "error_description": "Unknown or invalid refresh token.",
    }
    assert (await browser.call(other["access_token"])).status == 200


async def test_granted_scopes_may_be_fewer_than_asked(browser: Any) -> None:
    await browser.config(browser.atlassian, granted_scopes=["read:jira-work"])
    assert (await browser.connect())["scope"] == "read:jira-work"


async def test_unknown_scopes_are_dropped_or_rejected(browser: Any) -> None:
    tokens = await browser.connect(scope="read:jira-work nonsense")
    assert tokens["scope"] == "read:jira-work"
    await browser.config(browser.atlassian, reject_unknown_scopes=True)
    back = await browser.atlassian_request(scope="read:jira-work nonsense")
    assert back.location["error"] == "invalid_scope"


async def test_resources_list_the_sites_of_the_grant(browser: Any) -> None:
    url = f"{browser.atlassian}/oauth/token/accessible-resources"
    ada, grace = await browser.connect(), await browser.connect("grace@example.com")
    sites = (await browser.get(url, bearer=ada["access_token"])).json
    assert [site["name"] for site in sites] == ["acme", "labs"]
    assert sites[0]["id"] == browser.credentials["sites"]["acme"]["cloud_id"]
    assert sites[0]["scopes"] == ["read:jira-work", "write:jira-work"]
    sites = (await browser.get(url, bearer=grace["access_token"])).json
    assert [site["name"] for site in sites] == ["acme"]


async def test_one_site_may_be_listed_once_per_product(browser: Any) -> None:
    await browser.config(browser.atlassian, duplicate_resources=True)
    tokens = await browser.connect("grace@example.com", scope="read:jira-work read:page:confluence")
    url = f"{browser.atlassian}/oauth/token/accessible-resources"
    sites = (await browser.get(url, bearer=tokens["access_token"])).json
    assert len({site["id"] for site in sites}) == 1
    assert [site["scopes"] for site in sites] == [["read:jira-work"], ["read:page:confluence"]]


async def test_a_second_consent_adds_its_sites_to_the_grant(browser: Any) -> None:
    await browser.config(browser.atlassian, sites_granted=["labs"])
    first = await browser.connect()
    assert (await browser.call(first["access_token"])).status == 404
    await browser.config(browser.atlassian, sites_granted=["acme"])
    second = await browser.connect()
    for tokens in (first, second):
        assert (await browser.call(tokens["access_token"])).status == 200
        assert (await browser.call(tokens["access_token"], site="labs")).status == 200


async def test_a_person_may_grant_one_site_only(browser: Any) -> None:
    signed_in = await browser.press(
        browser.atlassian, await browser.atlassian_request(), "account", "ada@example.com"
    )
    query = signed_in.headers["location"].partition("?")[2]
    sent = {"request": query, "decision": "accept", "site": "labs"}
    back = await browser.post(f"{browser.atlassian}/consent", data=sent)
    tokens = (await browser.redeem(back.location["code"])).json
    url = f"{browser.atlassian}/oauth/token/accessible-resources"
    sites = (await browser.get(url, bearer=tokens["access_token"])).json
    assert [site["name"] for site in sites] == ["labs"]


async def test_a_grant_without_any_site_is_an_empty_list(browser: Any) -> None:
    await browser.config(browser.atlassian, sites_granted=[])
    tokens = await browser.connect()
    url = f"{browser.atlassian}/oauth/token/accessible-resources"
    assert (await browser.get(url, bearer=tokens["access_token"])).json == []


async def test_me_needs_its_scope(browser: Any) -> None:
    tokens = await browser.connect("grace@example.com")
    me = await browser.get(f"{browser.atlassian}/me", bearer=tokens["access_token"])
    assert me.json["email"] == "grace@example.com"
    assert (
        me.json["account_id"] == browser.credentials["atlassian"]["account_ids"][me.json["email"]]
    )
    tokens = await browser.connect("grace@example.com", scope="read:jira-work")
    me = await browser.get(f"{browser.atlassian}/me", bearer=tokens["access_token"])
    assert me.json == {"code": 401, "message": "Unauthorized; scope does not match"}
    assert me.headers["x-failure-category"] == "FAILURE_CLIENT_SCOPE_CHECK"
