"""The parsers of scopes and of PKCE."""

from tests.support.fuzzed.source import Source
from xerus.oauth import pkce, scopes
from xerus.oauth.errors import OAuthError

_SHA_256_CHARACTERS = 43


class Words:
    """Tries texts; an exception is a finding."""

    def trial(self, source: Source) -> None:
        """Try one."""
        (_scope if source.number(0, 1) else _verifier)(source.text(60))


def _scope(text: str) -> None:
    try:
        given = scopes.parse(text)
    except OAuthError as refusal:
        _check_words(refusal, text)
        return
    assert given, text
    assert given <= scopes.ALL, text


def _check_words(refusal: OAuthError, text: str) -> None:
    assert refusal.description.isascii(), text  # RFC 6749 5.2
    assert refusal.description.isprintable(), text


def _verifier(text: str) -> None:
    if pkce.verify(text, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"):
        assert text == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", text  # RFC 7636 B
    assert not pkce.is_challenge(text) or len(text) == _SHA_256_CHARACTERS, text
