"""Which redirect addresses are registered, and which requested ones match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xerus.oauth import redirect_uri
from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import RedirectPolicy

CLIENTS = {
    "claude": "https://claude.ai/api/mcp/auth_callback",
    "claude.com": "https://claude.com/api/mcp/auth_callback",
    "claude code": "http://localhost:54321/callback",
    "vs code": "https://vscode.dev/redirect",
    "vs code insiders": "https://insiders.vscode.dev/redirect",
    "vs code loopback": "http://127.0.0.1/",
    "vs code port": "http://127.0.0.1:33418/",
    "cursor": "cursor://anysphere.cursor-mcp/oauth/callback",
    "cursor web": "https://www.cursor.com/agents/mcp/oauth/callback",
    "cursor loopback": "http://localhost:8787/callback",
    "copilot studio": "https://global.consent.azure-apim.net/redirect/crf3a-5fxerus-5f9c",
    "ipv6": "http://[::1]:4711/cb",
}

REFUSED = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "http://example.com/cb",
    "http://localhost.example.com/cb",
    "http://127.0.0.1.example.com/cb",
    "http://2130706433/cb",
    "http://0x7f.1/cb",
    "https://2130706433/cb",
    "https://0x7f000001/cb",
    "https://127.1/cb",
    "https://example.0x/cb",
    "https://user@example.com/cb",
    "https://user:secret@example.com/cb",
    "http://localhost@evil.example/cb",
    "https://example.com/cb#fragment",
    "https://example.com/cb#",
    "https://example.com/a/../cb",
    "https://example.com/a/./cb",
    "https://example.com/a/%2e%2e/cb",
    "https://example.com/..",
    "https://example.com/a%2fb",
    "https://example.com/a%5cb",
    "https://example.com\\@evil.example/cb",
    "https:\\\\example.com/cb",
    "https:example.com/cb",
    "https:///cb",
    "//example.com/cb",
    "/cb",
    "",
    "https://exämple.com/cb",
    "https://exa mple.com/cb",
    "https://example.com/\ncb",
    "https://example.com:99999/cb",
    "https://example.com:/cb",
    "https://EXAMPLE.com/cb",
    "HTTPS://example.com/cb",
    "https://exam_ple..com/cb",
    "https://[::1",
    "http://[::1]976/cb",
    "http://[::1]evil.example/cb",
    "https://[::1].evil.example/cb",
    "https://evil.example[::1]/cb",
    "cursor://anysphere.cursor-mcp/oauth/callback/",
    "cursor://evil/oauth/callback",
    "vscode://anything/cb",
    "https://example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("uri", CLIENTS.values(), ids=CLIENTS.keys())
def test_known_clients_may_register_their_address(uri: str) -> None:
    RedirectPolicy().check(uri)


@pytest.mark.parametrize("uri", REFUSED)
def test_dangerous_address_is_refused_with_a_reason(uri: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        RedirectPolicy().check(uri)
    assert refusal.value.code == "invalid_redirect_uri"
    assert refusal.value.description.isascii()


def test_operator_can_limit_the_https_hosts() -> None:
    policy = RedirectPolicy(https_hosts=frozenset({"claude.ai"}))
    policy.check(CLIENTS["claude"])
    policy.check(CLIENTS["claude code"])
    with pytest.raises(OAuthError):
        policy.check("https://example.com/cb")


@pytest.mark.parametrize(
    ("requested", "registered"),
    [
        ("http://127.0.0.1:50123/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:50123/cb", "http://127.0.0.1:1/cb"),
        ("http://localhost/cb?x=1", "http://localhost:9/cb?x=1"),
        ("http://[::1]:5/cb", "http://[::1]/cb"),
    ],
)
def test_loopback_port_is_free(requested: str, registered: str) -> None:
    assert redirect_uri.matches(requested, registered)


@pytest.mark.parametrize(
    ("requested", "registered"),
    [
        ("https://example.com:444/cb", "https://example.com/cb"),
        ("https://example.com/cb/", "https://example.com/cb"),
        ("https://example.com/CB", "https://example.com/cb"),
        ("https://example.com/cb?x=1", "https://example.com/cb"),
        ("http://127.0.0.1:1/other", "http://127.0.0.1/cb"),
        ("http://localhost:1/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:1/cb#x", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:1/x/../cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:1.evil.example/cb", "http://127.0.0.1/cb"),
    ],
)
def test_near_miss_of_a_registered_address_does_not_match(requested: str, registered: str) -> None:
    assert not redirect_uri.matches(requested, registered)


INSERTS = st.sampled_from([*"/\\@#%.:?;\t\n [é", "%2f", ".."])


@given(
    position=st.integers(0, 40),
    insert=INSERTS,
)
def test_mutated_address_never_matches_the_registered_one(position: int, insert: str) -> None:
    registered = CLIENTS["claude"]
    mutant = registered[:position] + insert + registered[position:]
    assert not redirect_uri.matches(mutant, registered)


@given(
    position=st.integers(0, 30),
    insert=INSERTS,
)
def test_mutated_loopback_address_leads_to_loopback_only(position: int, insert: str) -> None:
    registered = "http://127.0.0.1:33418/cb"
    mutant = registered[:position] + insert + registered[position:]
    if redirect_uri.matches(mutant, registered):
        assert redirect_uri.is_loopback(mutant)
        assert mutant.endswith("/cb")
