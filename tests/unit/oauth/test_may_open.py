"""What the identity provider's metadata may make Xerus and browsers do."""

import pytest

from xerus.oauth.discovery import may_open


@pytest.mark.parametrize(
    "url", ["https://login.example/authorize", "http://127.0.0.1:8020/t/authorize"]
)
def test_browser_may_be_sent_to_https_and_loopback(url: str) -> None:
    assert may_open(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://login.example/a",
        "//x/a",
        "https:",
        "https://[::1",
        "",
    ],
)
def test_metadata_never_sends_a_browser_to_another_kind_of_address(url: str) -> None:
    assert not may_open(url)
