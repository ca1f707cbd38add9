"""What atheris runs: the parsers of redirect addresses and of tokens, with any bytes at all.

    python fuzz_front.py REPORT [libFuzzer options]

Started by `builders.py` as a process of its own, because libFuzzer ends the process it runs in.
"""

import re
import sys

import atheris

with atheris.instrument_imports(include=["xerus.oauth.redirect_uri", "xerus.oauth.id_token"]):
    from xerus.oauth import id_token, redirect_uri
with atheris.instrument_imports(include=["xerus.oauth.pkce", "xerus.oauth.scopes"]):
    from xerus.oauth import pkce, scopes

from xerus.oauth.errors import InvalidToken, OAuthError

_LOOPBACK = "http://127.0.0.1:33418/cb"
_LOOPBACK_FORMS = re.compile(r"http://127\.0\.0\.1(:0*[1-9][0-9]*)?/cb")
_WEB = "https://client.example/cb?x=1"
_POLICY = redirect_uri.RedirectPolicy()
# RFC 3986 as strictly as this server means it: scheme, host in ASCII, port, path, query.
_ACCEPTED = re.compile(
    r"https://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|localhost|\[::1\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?"
    r"|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?"
    r"|cursor://anysphere\.cursor-(?:mcp|retrieval)/oauth/callback"
)
_WHOLE_TOKEN = re.compile(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*")
_SHA_256_CHARACTERS = 43


def one_input(data: bytes) -> None:
    """Give one input to each parser; an exception is a finding."""
    provider = atheris.FuzzedDataProvider(data)
    kind = provider.ConsumeIntInRange(0, 4)
    if kind == 0:
        _mutant(provider)
        return
    (_redirect, _token, _scope, _verifier)[kind - 1](provider.ConsumeUnicode(400))


def _mutant(provider: atheris.FuzzedDataProvider) -> None:
    base = (_LOOPBACK, _WEB)[provider.ConsumeBool()]
    start = provider.ConsumeIntInRange(0, len(base))
    end = provider.ConsumeIntInRange(start, len(base))
    mutant = base[:start] + provider.ConsumeUnicode(40) + base[end:]
    for registered in (_LOOPBACK, _WEB):
        if redirect_uri.matches(mutant, registered) and mutant != registered:
            assert registered == _LOOPBACK, mutant
            assert _LOOPBACK_FORMS.fullmatch(mutant), mutant
    _redirect(mutant)


def _check_words(refusal: OAuthError, text: str) -> None:
    assert refusal.description.isascii(), text  # RFC 6749 5.2
    assert refusal.description.isprintable(), text


def _redirect(text: str) -> None:
    try:
        _POLICY.check(text)
    except OAuthError as refusal:
        _check_words(refusal, text)
        return
    assert _ACCEPTED.fullmatch(text), text
    assert "#" not in text, text
    assert "\\" not in text, text
    assert redirect_uri.shown_host(text), text
    assert redirect_uri.matches(text, text), text


def _token(text: str) -> None:
    try:
        header = id_token.peek_header(text)
    except InvalidToken:
        return
    assert _WHOLE_TOKEN.fullmatch(text), text
    assert isinstance(header, dict), text
    assert "alg" in header, text


def _scope(text: str) -> None:
    try:
        given = scopes.parse(text)
    except OAuthError as refusal:
        _check_words(refusal, text)
        return
    assert given, text
    assert given <= scopes.ALL, text


def _verifier(text: str) -> None:
    if pkce.verify(text, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"):
        assert text == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", text  # RFC 7636 B
    assert not pkce.is_challenge(text) or len(text) == _SHA_256_CHARACTERS, text


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
