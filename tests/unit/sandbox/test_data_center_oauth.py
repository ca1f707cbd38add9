"""Application links of the simulated Data Center."""

import secrets
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.sandbox.conftest import ATLASSIAN_CALLBACK, Reply
from xerus_sandbox.opaque import challenge_of


class Link:
    """A client of the application link of one product."""

    def __init__(self, browser: Any, product: str = "jira") -> None:
        self.browser = browser
        self.base = f"{browser.atlassian}/dc/{product}"
        self.client = browser.credentials["data_center_oauth"][product]
        self.verifier = secrets.token_urlsafe(48)

    async def asked(self, **changes: str) -> Reply:
        wanted = {
            "client_id": self.client["client_id"],
            "redirect_uri": ATLASSIAN_CALLBACK,
            "response_type": "code",
            "scope": "READ WRITE",
            "state": "s t&a=te",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        url = f"{self.base}/rest/oauth2/latest/authorize?{urlencode(wanted)}"
        answer: Reply = await self.browser.get(url)
        return answer

    async def consent(self, decision: str = "accept", **changes: str) -> Reply:
        shown = await self.asked(**changes)
        origin = self.browser.atlassian
        if "Log in to continue" in shown.text:
            back = await self.browser.press(origin, shown, "account", "ada@example.com")
            shown = await self.browser.get(origin + back.headers["location"])
        answer: Reply = await self.browser.press(origin, shown, "decision", decision)
        return answer

    async def token(self, **fields: str) -> Reply:
        sent = {**self.client, "redirect_uri": ATLASSIAN_CALLBACK, **fields}
        url = f"{self.base}/rest/oauth2/latest/token"
        answer: Reply = await self.browser.post(url, data={k: v for k, v in sent.items() if v})
        return answer

    async def redeem(self, code: str, **fields: str) -> Reply:
        known = {"grant_type": "authorization_code", "code": code, "code_verifier": self.verifier}
        return await self.token(**{**known, **fields})

    async def connect(self, **changes: str) -> dict[str, Any]:
        back = await self.consent(**changes)
        answer = await self.redeem(back.location["code"])
        assert answer.status == 200, answer.text
        tokens: dict[str, Any] = answer.json
        return tokens

    async def refresh(self, token: str, **fields: str) -> Reply:
        return await self.token(**{"grant_type": "refresh_token", "refresh_token": token, **fields})

    async def read(self, token: str) -> Reply:
        answer: Reply = await self.browser.get(f"{self.base}/rest/api/2/note/seed", bearer=token)
        return answer

    async def write(self, token: str) -> Reply:
        url = f"{self.base}/rest/api/2/note/mine"
        answer: Reply = await self.browser.send("PUT", url, json={"a": 1}, bearer=token)
        return answer


@pytest.fixture
def link(browser: Any) -> Link:
    return Link(browser)


async def test_consent_gives_a_token_that_reads_and_writes_as_the_person(link: Link) -> None:
    back = await link.consent()
    assert back.location["state"] == "s t&a=te"
    answer = await link.redeem(back.location["code"])
    assert (answer.json["expires_in"], answer.json["scope"]) == (3600, "READ WRITE")
    read = await link.read(answer.json["access_token"])
    assert read.json["by"] == "ada@example.com"
    assert (await link.write(answer.json["access_token"])).status == 204
    log = (await link.browser.get(f"{link.browser.atlassian}/_sandbox/log")).json
    assert (log[-1]["credential"], log[-1]["account"]) == ("oauth", "ada@example.com")


async def test_a_code_lives_ten_seconds(link: Link) -> None:
    back = await link.consent()
    await link.browser.advance(link.browser.atlassian, 11)
    answer = await link.redeem(back.location["code"])
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


async def test_a_code_works_once_with_its_verifier_and_redirect(link: Link) -> None:
    code = (await link.consent()).location["code"]
    for change in ({"code_verifier": "wrong"}, {"code_verifier": ""}, {"redirect_uri": "http://x"}):
        assert (await link.redeem(code, **change)).json["error"] == "invalid_grant"
    assert (await link.redeem(code)).status == 200
    assert (await link.redeem(code)).json["error"] == "invalid_grant"


async def test_a_refresh_token_is_spent_at_once_and_needs_the_redirect(link: Link) -> None:
    tokens = await link.connect()
    without = await link.refresh(tokens["refresh_token"], redirect_uri="")
    assert (without.status, without.json["error"]) == (400, "invalid_grant")
    renewed = await link.refresh(tokens["refresh_token"])
    assert renewed.status == 200
    assert (await link.read(renewed.json["access_token"])).status == 200
    assert (await link.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_an_access_token_ends_after_an_hour(link: Link) -> None:
    tokens = await link.connect()
    await link.browser.advance(link.browser.atlassian, 3601)
    assert (await link.read(tokens["access_token"])).status == 401


async def test_a_read_only_link_reads_and_names_the_scope_that_a_write_lacks(link: Link) -> None:
    await link.browser.config(link.browser.atlassian, dc_granted_scopes=["READ"])
    tokens = await link.connect()
    assert tokens["scope"] == "READ"
    assert (await link.read(tokens["access_token"])).status == 200
    refused = await link.write(tokens["access_token"])
    assert refused.status == 403
    assert 'scope="WRITE"' in refused.headers["www-authenticate"]


async def test_a_token_is_good_for_its_own_product_on_data_center_only(link: Link) -> None:
    token = (await link.connect())["access_token"]
    other = await link.browser.get(f"{link.browser.atlassian}/dc/confluence/x", bearer=token)
    assert other.status == 401
    assert (await link.browser.call(token)).status == 401
    cloud = await link.browser.connect()
    assert (await link.read(cloud["access_token"])).status == 401


async def test_a_client_of_another_product_is_refused(link: Link) -> None:
    other = Link(link.browser, "confluence").client
    assert (await link.asked(client_id=other["client_id"])).status == 400
    refused = await link.redeem("x", client_secret=other["client_secret"])
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")


async def test_declining_and_bad_requests_come_back_as_errors(link: Link) -> None:
    assert (await link.consent("decline")).location["error"] == "access_denied"
    assert (await link.asked(scope="read:jira-work")).location["error"] == "invalid_scope"
    plain = await link.asked(code_challenge_method="plain")
    assert plain.location["error"] == "invalid_request"
    assert (await link.asked(redirect_uri="https://evil.example/x")).status == 400


async def test_revoking_an_account_ends_its_tokens(link: Link) -> None:
    tokens = await link.connect()
    url = f"{link.browser.atlassian}/_sandbox/grants/revoke"
    await link.browser.post(url, json={"account": "ada@example.com"})
    assert (await link.read(tokens["access_token"])).status == 401
    assert (await link.refresh(tokens["refresh_token"])).json["error"] == "invalid_grant"


async def test_tokens_outlive_a_restart(
    start_sandbox: Any, open_browser: Any, tmp_path: Any
) -> None:
    first = start_sandbox(tmp_path)
    async with open_browser(first) as browser:
        tokens = await Link(browser).connect()
    assert first.stop() == 0
    second = start_sandbox(tmp_path)
    async with open_browser(second) as browser:
        assert (await Link(browser).read(tokens["access_token"])).status == 200
    assert second.stop() == 0
