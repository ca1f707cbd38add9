"""Whom people ask: an e-mail address or the URL of a help desk, nothing else."""

import pytest

from xerus.app.support import support_of
from xerus.settings import loading
from xerus.settings.problems import SettingsError


def test_an_address_is_a_message_and_a_url_a_link() -> None:
    by_mail = support_of(loading.load({"XERUS_SUPPORT_CONTACT": "help+xerus@example.com"}))
    by_url = support_of(
        loading.load(
            {
                "XERUS_SUPPORT_CONTACT": "https://desk.example.com/x",
                "XERUS_SUPPORT_TEXT": "All day.",
            }
        )
    )
    assert (by_mail.email, by_mail.url) == ("help+xerus@example.com", "")
    assert (by_url.email, by_url.url, by_url.text) == ("", "https://desk.example.com/x", "All day.")
    assert not support_of(loading.load({})).known


@pytest.mark.parametrize(
    "contact",
    [
        "http://desk.example.com",
        "javascript:alert(1)",
        "the service desk",
        "help@example.com?bcc=all@example.com",
        "help@example.com, other@example.com",
        "help@example.com\nBcc: other@example.com",
        "https://user:secret@desk.example.com",
        "https:///no-host",
    ],
)
def test_anything_else_is_refused_at_the_start(contact: str) -> None:
    with pytest.raises(SettingsError, match="XERUS_SUPPORT_CONTACT"):
        loading.load({"XERUS_SUPPORT_CONTACT": contact})
