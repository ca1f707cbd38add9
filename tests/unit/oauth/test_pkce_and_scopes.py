"""PKCE and the MCP scopes."""

import pytest

from xerus.oauth import pkce, scopes
from xerus.oauth.errors import OAuthError


def test_challenge_is_the_one_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
    assert pkce.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_only_the_right_verifier_passes() -> None:
    verifier = pkce.new_verifier()
    assert pkce.verify(verifier, pkce.challenge(verifier))
    assert not pkce.verify(pkce.new_verifier(), pkce.challenge(verifier))


@pytest.mark.parametrize("verifier", ["", "short", "a" * 129, "é" * 50, "a" * 42 + " "])
def test_malformed_verifier_is_wrong_rather_than_an_error(verifier: str) -> None:
    assert not pkce.verify(verifier, pkce.challenge("a" * 43))


def test_no_scope_means_all_four() -> None:
    assert scopes.parse(None) == scopes.parse("") == scopes.ALL
    assert len(scopes.ALL) == 4


@pytest.mark.parametrize("asked", ["openid", "jira:read openid", "mcp", 'jira:read" x', "é"])
def test_unknown_scope_is_refused_by_name(asked: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        scopes.parse(asked)
    assert refusal.value.code == "invalid_scope"
    # RFC 6749 5.2 limits the characters of error_description.
    assert all(" " <= char <= "~" and char not in '"\\' for char in refusal.value.description)


def test_scopes_are_written_in_one_order() -> None:
    assert scopes.text(frozenset({"confluence:read", "jira:read"})) == "jira:read confluence:read"
