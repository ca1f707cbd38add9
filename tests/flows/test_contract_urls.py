"""Every URL of the contract and the words on its pages (design: section 4)."""

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.support.browser import Browser, LeftTheWorld
from tests.support.folders import reachable
from tests.support.journeys import ADA, ALAN, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import CALLBACK, Storage, connected, text_of
from tests.support.plain import NO_TLS
from tests.support.stack import Sandbox, Stack, Xerus, user_mode

HELLO = {"capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
async def http(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        base_url=stack.url, verify=NO_TLS, trust_env=False, timeout=30
    ) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/tools", "/activity", "/admin", "/connections/atlassian/start", "/chat/x?a=b"),
        "/connections/atlassian/callback?code=c&state=s",
    ],
)
async def test_a_page_without_a_session_answers_303_to_the_sign_in_that_returns_to_it(
    http: httpx2.AsyncClient, path: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 303
    to = urlsplit(answer.headers["location"])
    assert to.path == "/signin"
    assert parse_qs(to.query)["return_to"] == [path]


async def test_a_person_is_returned_to_the_page_with_its_query(
    stack: Stack, browser: Browser
) -> None:
    await browser.open(f"{stack.url}/activity?before=2026-01-01T00:00:00Z")
    await browser.click("Continue with Microsoft")
    page = await browser.click(GRACE)
    assert page.url == f"{stack.url}/activity?before=2026-01-01T00:00:00Z"


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_nobody_is_returned_to_another_site(stack: Stack, browser: Browser, to: str) -> None:
    await browser.open(f"{stack.url}/signin?return_to={to}")
    await browser.click("Continue with Microsoft")
    page = await browser.click(GRACE)
    assert page.url.startswith(f"{stack.url}/")
    assert "evil" not in urlsplit(page.url).netloc


async def test_signing_out_ends_the_session(stack: Stack, browser: Browser) -> None:
    await sign_in(browser, stack.url, GRACE)
    cookie = dict(browser.http.cookies)
    page = await browser.click("Sign out")
    assert page.url == f"{stack.url}/signout"
    assert "You are signed out" in page.text
    async with httpx2.AsyncClient(cookies=cookie, verify=NO_TLS, trust_env=False) as thief:
        assert (await thief.get(f"{stack.url}/tools")).status_code == 303


async def test_administration_is_for_administrators(
    stack: Stack, browser: Browser, other_browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    page = await browser.open(f"{stack.url}/admin")
    for words in (ADA, "People sign in with the accounts of your organisation.", "Set-up"):
        assert words in page.text
    page = await browser.click("Verify the log")
    assert "The audit log is whole." in page.text
    await sign_in(other_browser, stack.url, GRACE)
    page = await other_browser.open(f"{stack.url}/admin")
    assert page.status == 403
    assert ADA not in page.text


async def test_the_card_of_a_connection_has_the_words_that_scripts_look_for(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ALAN)
    page = await browser.open(f"{stack.url}/tools")
    configure = next(link for link in page.links if link.label == "Configure Atlassian")
    assert " ".join(configure.text.split()) == "Configure"
    assert urlsplit(configure.href).path == "/connections/atlassian/start"
    await browser.click("Configure")
    await browser.click(ALAN)
    page = await browser.click("Accept")
    names = {b.label or b.text for form in page.forms for b in form.buttons}
    assert {"acme", "labs"} <= names
    page = await browser.click("labs")
    assert "Authentication Successful" in page.text
    page = await browser.open(f"{stack.url}/tools")
    assert ALAN in page.text
    assert "labs" in page.text
    assert all(browser.can(word) for word in ("Reconnect", "Disconnect", "Manage"))
    assert not browser.can("Configure")
    await browser.click("Manage")
    assert browser.page.status == 200
    await browser.open(f"{stack.url}/tools")
    await browser.click("Disconnect")
    await browser.click("Disconnect")
    assert browser.can("Configure Atlassian")


async def test_the_start_of_the_popup_is_a_get_that_leaves_for_atlassian(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    answer = await browser.http.get(f"{stack.url}/connections/atlassian/start")
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == [f"{stack.url}/connections/atlassian/callback"]
    assert query["code_challenge_method"] == ["S256"]
    assert {"read:me", "offline_access"} <= set(query["scope"][0].split())
    foreign = {"Sec-Fetch-Site": "cross-site"}
    refused = await browser.http.get(f"{stack.url}/connections/atlassian/start", headers=foreign)
    assert refused.status_code == 403


async def authorize_url(http: httpx2.AsyncClient, stack: Stack) -> str:
    metadata = {"client_name": "Words", "redirect_uris": [CALLBACK]}
    client = (await http.post("/oauth/register", json=metadata)).json()
    query = httpx2.QueryParams(
        response_type="code",
        client_id=client["client_id"],
        redirect_uri=CALLBACK,
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
        state="of-the-client",
        resource=f"{stack.url}/mcp",
    )
    return f"{stack.url}/oauth/authorize?{query}"


async def test_consent_names_the_client_and_is_answered_with_200_refresh_and_a_link(
    stack: Stack, http: httpx2.AsyncClient, browser: Browser
) -> None:
    page = await browser.open(await authorize_url(http, stack))
    assert "Words" in page.text
    assert browser.can("Allow")
    assert browser.can("Cancel")
    form = next(form for form in page.forms if any(b.text == "Allow" for b in form.buttons))
    answer = await browser.http.post(
        form.action,
        data={**form.fields, "decision": "allow"},
        headers={"Origin": stack.url},
    )
    assert answer.status_code == 200
    assert re.match(r"0\s*;\s*url=", answer.headers["refresh"], re.IGNORECASE)
    assert re.search(r"<a [^>]*>Continue</a>", answer.text)
    assert "form-action 'self'" in answer.headers["content-security-policy"]


async def test_cancel_tells_the_client_that_access_was_denied(
    stack: Stack, http: httpx2.AsyncClient, browser: Browser
) -> None:
    browser.stops_at = (CALLBACK,)
    await browser.open(await authorize_url(http, stack))
    with pytest.raises(LeftTheWorld) as left:
        await browser.click("Cancel")
    query = parse_qs(urlsplit(left.value.url).query)
    assert query["error"] == ["access_denied"]
    assert query["state"] == ["of-the-client"]
    assert query["iss"] == [stack.url]


async def test_the_metadata_documents_agree_with_each_other_and_with_the_public_url(
    stack: Stack, http: httpx2.AsyncClient
) -> None:
    server = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert server["issuer"] == stack.url
    for name, path in {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "registration_endpoint": "register",
        "revocation_endpoint": "revoke",
        "jwks_uri": "jwks",
    }.items():
        assert server[name] == f"{stack.url}/oauth/{path}"
    assert server["code_challenge_methods_supported"] == ["S256"]
    openid = (await http.get("/.well-known/openid-configuration")).json()
    assert openid["issuer"] == stack.url
    for path in ("oauth-protected-resource", "oauth-protected-resource/mcp"):
        resource = (await http.get(f"/.well-known/{path}")).json()
        assert resource["resource"] == f"{stack.url}/mcp"
        assert resource["authorization_servers"] == [stack.url]
    keys = (await http.get("/oauth/jwks")).json()["keys"]
    assert keys
    assert not {"d", "k", "p"} & set(keys[0])


@pytest.mark.parametrize(
    ("path", "code"),
    [("token", "invalid_client"), ("revoke", "invalid_client"), ("register", "invalid")],
)
async def test_an_oauth_endpoint_answers_nonsense_with_the_standards_error(
    http: httpx2.AsyncClient, path: str, code: str
) -> None:
    body = {"grant_type": "authorization_code", "client_id": "nobody", "token": "x", "code": "x"}
    answer = await http.post(f"/oauth/{path}", data=body)
    assert answer.status_code in {400, 401}, answer.text
    assert answer.json()["error"].startswith(code)


async def test_the_callback_without_a_sign_in_under_way_is_a_calm_page(
    http: httpx2.AsyncClient,
) -> None:
    answer = await http.get("/oauth/callback?code=x&state=y", headers={"Accept": "text/html"})
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


async def test_mcp_speaks_json_without_a_session_in_each_protocol_version(
    stack: Stack, browser: Browser, http: httpx2.AsyncClient
) -> None:
    storage = Storage()
    async with connected(stack.url, storage, browser, GRACE) as client:
        await client.list_tools()
    assert storage.tokens
    bearer = {"Authorization": f"Bearer {storage.tokens.access_token}"}
    accept = {"Accept": "application/json, text/event-stream"}
    for version in ("2025-11-25", "2025-06-18", "2025-03-26"):
        params = {"protocolVersion": version, **HELLO}
        call = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
        answer = await http.post("/mcp", json=call, headers={**bearer, **accept})
        assert answer.headers["content-type"].startswith("application/json")
        assert "mcp-session-id" not in answer.headers
        assert answer.json()["result"]["protocolVersion"] == version
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        headers = {**bearer, **accept, "MCP-Protocol-Version": version}
        tools = (await http.post("/mcp", json=listing, headers=headers)).json()["result"]["tools"]
        assert "jira_search" in {tool["name"] for tool in tools}


async def test_the_newest_protocol_is_negotiated_with_a_client_that_offers_it(
    stack: Stack, browser: Browser
) -> None:
    async with connected(stack.url, Storage(), browser, GRACE) as client:
        assert client.protocol_version == "2026-07-28"
        answer = await client.call_tool("connection_status", {})
        assert not answer.is_error, text_of(answer)


async def test_health_readiness_and_metrics_answer_under_any_host(
    http: httpx2.AsyncClient,
) -> None:
    other = {"Host": "10.1.2.3:9999"}
    assert (await http.get("/healthz", headers=other)).status_code == 200
    ready = await http.get("/readyz", headers=other)
    assert ready.json() == {"ready": True, "database": True, "keys": True}
    metrics = await http.get("/metrics", headers=other)
    assert metrics.status_code == 200
    forwarded = await http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert forwarded.status_code == 403


async def test_a_page_on_another_loopback_name_is_redirected_and_any_other_host_gets_421(
    stack: Stack, http: httpx2.AsyncClient
) -> None:
    other = {"Host": f"127.0.0.1:{stack.xerus.port}"}
    moved = await http.get("/tools?a=b", headers=other)
    assert moved.is_redirect
    assert moved.headers["location"] == f"{stack.url}/tools?a=b"
    for method, path, headers in (
        ("POST", "/signout", other),
        ("POST", "/mcp", other),
        ("GET", "/tools", {"Host": "evil.example"}),
        ("GET", "/.well-known/oauth-authorization-server", {"Host": "evil.example"}),
        ("POST", "/oauth/token", {"Host": "evil.example"}),
    ):
        answer = await http.request(method, path, headers=headers)
        assert answer.status_code == 421, (method, path)


async def test_every_page_works_without_scripts_and_forbids_foreign_ones(
    stack: Stack, browser: Browser
) -> None:
    await sign_in(browser, stack.url, ADA)
    await connect_atlassian(browser, stack.url, ADA)
    for path in ("/", "/tools", "/activity", "/admin", "/connections/atlassian", "/signout"):
        page = await browser.open(f"{stack.url}{path}")
        assert page.status == 200, path
        policy = page.headers["content-security-policy"]
        assert "unsafe-" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cross-origin-opener-policy"] == "same-origin"
        assert not re.search(r"<script(?![^>]*src=)|\son[a-z]+=|javascript:", page.html)


async def test_an_unknown_address_is_a_page_for_people_and_json_for_programs(
    stack: Stack, browser: Browser, http: httpx2.AsyncClient
) -> None:
    await sign_in(browser, stack.url, GRACE)
    page = await browser.open(f"{stack.url}/nowhere")
    assert page.status == 404
    assert "Reference for support" in page.text
    error = (await http.get("/nowhere", headers={"Accept": "application/json"})).json()["error"]
    assert set(error) == {"code", "message", "hint", "correlation_id"}


@pytest.fixture(scope="module")
async def public(sandbox: Sandbox) -> AsyncIterator[Xerus]:
    """A Xerus behind a proxy on this machine that serves it as https://xerus.example.com."""
    env = {
        **await user_mode(sandbox),
        "XERUS_PUBLIC_URL": "https://xerus.example.com",
        "XERUS_TRUSTED_PROXIES": "127.0.0.1",
    }
    running = Xerus(reachable(), env).start()
    yield running
    running.stop()


async def test_behind_a_proxy_the_public_url_rules_and_cookies_belong_to_its_host(
    public: Xerus,
) -> None:
    through = {
        "Host": "xerus.example.com",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
    }
    async with httpx2.AsyncClient(base_url=public.url, verify=NO_TLS, trust_env=False) as http:
        assert (await http.get("/signin")).status_code == 421
        answer = await http.get("/signin/start", headers=through)
        assert answer.status_code == 303
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["redirect_uri"] == ["https://xerus.example.com/oauth/callback"]
        assert {"openid", "offline_access"} <= set(query["scope"][0].split())
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-xerus_browser=")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "strict-transport-security" in answer.headers
        about = await http.get("/.well-known/oauth-authorization-server", headers=through)
        assert about.json()["token_endpoint"] == "https://xerus.example.com/oauth/token"
        assert (await http.get("/metrics", headers=through)).status_code == 403
