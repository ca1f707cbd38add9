"""Whose quota an anonymous request counts against."""

import pytest
from starlette.requests import Request

from xerus.authserver.front import quota_key


def key(address: str) -> str:
    return quota_key(Request({"type": "http", "client": (address, 1), "headers": []}))


def test_flood_from_one_ipv6_network_counts_as_one() -> None:
    assert key("2001:db8:1:2::3") == key("2001:db8:1:2:ffff::9")
    assert key("2001:db8:1:2::3") != key("2001:db8:1:3::3")


@pytest.mark.parametrize("address", ["203.0.113.9", "::ffff:203.0.113.9", "no:address", ""])
def test_every_other_address_counts_for_itself(address: str) -> None:
    assert key(address) == address
