import pytest

from xerus.pages.local_path import local_path


@pytest.mark.parametrize("path", ["/", "/tools", "/chat/1?x=1#end", "/activity?before=2026-11-22"])
def test_a_path_of_our_own_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example"),
        *("\\\\evil.example", "/\t/evil.example", "/\n/evil.example", " /tools", "/ /evil.example"),
        *("javascript:alert(1)", "data:text/html,x", "tools", "", "http:evil.example", "/\x00"),
        "/" + "a" * 3000,
    ],
)
def test_an_address_that_could_lead_elsewhere_becomes_the_default(address: str) -> None:
    assert local_path(address, default="/tools") == "/tools"


def test_a_missing_address_becomes_the_default() -> None:
    assert local_path(None) == "/"
