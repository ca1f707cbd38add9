"""What speaks for another site, over every way to write the public URL."""

import pytest
from starlette.datastructures import Headers

from xerus.pages.own_request import is_own


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://Xerus.Example.com", "https://xerus.example.com"),
        ("https://xerus.example.com:443", "https://xerus.example.com"),
        ("http://xerus.example.com:80", "http://xerus.example.com"),
        ("https://xerus.example.com:8443", "https://xerus.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_compared_as_browsers_write_it(public_url: str, origin: str) -> None:
    assert is_own(Headers({"Origin": origin}), public_url=public_url)
    assert not is_own(Headers({"Origin": f"{origin}1"}), public_url=public_url)


def test_one_of_ours_beside_a_foreign_one_is_not_enough() -> None:
    ours, foreign = (b"origin", b"https://x.example"), (b"origin", b"https://evil.example")
    for raw in ([ours, foreign], [foreign, ours]):
        assert not is_own(Headers(raw=raw), public_url="https://x.example")
