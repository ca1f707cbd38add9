"""The operator's list of redirect addresses with a private scheme."""

import pytest

from xerus.oauth.errors import OAuthError
from xerus.oauth.redirect_uri import PRIVATE, RedirectPolicy
from xerus.settings.loading import load
from xerus.settings.problems import SettingsError

NAME = "XERUS_OAUTH_PRIVATE_REDIRECTS"


def policy(env: dict[str, str]) -> RedirectPolicy:
    return RedirectPolicy(private=frozenset(load(env).server.private_redirects))


def test_default_lets_in_cursor() -> None:
    assert policy({}).private == PRIVATE


def test_listed_address_is_let_in_and_the_default_is_not_any_more() -> None:
    own = policy({NAME: "vscode://publisher.extension/callback, myapp://oauth"})
    own.check("vscode://publisher.extension/callback")
    own.check("myapp://oauth")
    for other in (*PRIVATE, "myapp://oauth/more", "vscode://another.extension/callback"):
        with pytest.raises(OAuthError):
            own.check(other)


@pytest.mark.parametrize(
    "value",
    [
        "cursor",
        "cursor://",
        "cursor:callback",
        "https://client.example/cb",
        "http://localhost/cb",
        "javascript://x/%0aalert(1)",
        "data://x",
        "file://x/y",
        "MyApp://callback",
        "myapp://callback#part",
        "myapp://callback\\x",
    ],
)
def test_what_is_no_private_address_is_named(value: str) -> None:
    with pytest.raises(SettingsError, match=NAME):
        load({NAME: value})
