"""The parser of redirect addresses against expressions that share nothing with it.

An answer goes to the characters that were registered, or to the same loopback address with another
port.
"""

import re

from tests.support.fuzzed.source import Source
from xerus.oauth import redirect_uri
from xerus.oauth.errors import OAuthError

# RFC 8252 7.3 leaves the port of a loopback address free, and nothing else.
_REGISTERED = {
    "http://127.0.0.1:33418/cb": re.compile(r"http://127\.0\.0\.1(:0*[1-9][0-9]{0,4})?/cb"),
    "http://localhost/callback?keep=1": re.compile(
        r"http://localhost(:0*[1-9][0-9]{0,4})?/callback\?keep=1"
    ),
    "http://[::1]:8976/": re.compile(r"http://\[::1\](:0*[1-9][0-9]{0,4})?/"),
    "https://client.example/cb?x=1": re.compile(r"https://client\.example/cb\?x=1"),
    "cursor://anysphere.cursor-mcp/oauth/callback": re.compile(
        r"cursor://anysphere\.cursor-mcp/oauth/callback"
    ),
}
_BASES = tuple(_REGISTERED)
_POLICY = redirect_uri.RedirectPolicy()
# RFC 3986 as strictly as this server means it: scheme, host in ASCII, port, path, query.
_ACCEPTED = re.compile(
    r"https://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|localhost|\[::1\])(?::0*[0-9]{1,5})?(?:[/?][!-~]*)?"
    r"|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::0*[0-9]{1,5})?(?:[/?][!-~]*)?"
    r"|cursor://anysphere\.cursor-(?:mcp|retrieval)/oauth/callback"
)


class Redirects:
    """Tries addresses; an exception is a finding."""

    def trial(self, source: Source) -> None:
        """Try one."""
        _try(_address(source))


def _address(source: Source) -> str:
    kind = source.number(0, 2 * len(_BASES))
    if kind == 2 * len(_BASES):
        return source.text(200)
    base = _BASES[kind % len(_BASES)]
    start = source.number(0, len(base))
    end = source.number(start, len(base)) if kind < len(_BASES) else start
    return base[:start] + source.text(source.number(0, 12)) + base[end:]


def _try(text: str) -> None:
    for registered, allowed in _REGISTERED.items():
        if redirect_uri.matches(text, registered):
            assert allowed.fullmatch(text), (text, registered)
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


def _check_words(refusal: OAuthError, text: str) -> None:
    assert refusal.description.isascii(), text  # RFC 6749 5.2
    assert refusal.description.isprintable(), text
