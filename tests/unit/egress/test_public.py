"""SSRF: an address that a stranger named leads to the public internet or nowhere."""

from pathlib import Path

import pytest

from tests.flows.front_door.documents import URL, makers_site
from xerus.egress.public import PublicReader, is_public
from xerus.errors import EgressRefused, UpstreamUnavailable

PRIVATE = [
    *("127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254"),
    *(
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
    ),
    *("::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:db8::1", "no address"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_networks_behind_the_wall_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/x",
        "https://client.example:8443/x",
        "https://client.example:99999/x",
        "https://user@client.example/x",
        "https://user:pass@client.example/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://[::1]/x",
        "https://[::1/x",
        "https://[client.example]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://metadata/x",
        "https:///x",
        "https://client.example\\@127.0.0.1/x",
        "https://xn--/x",
        "https://client..example/x",
        "https://-client.example/x",
        "https://client.example.7/x",
        "file:///etc/passwd",
        "gopher://client.example/x",
        "//client.example/x",
        "",
    ],
)
async def test_what_is_no_https_address_of_a_named_host_is_not_read(url: str) -> None:
    with pytest.raises(EgressRefused):
        await PublicReader().read(url)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], []])
async def test_a_name_with_one_address_behind_the_wall_is_not_read(
    tmp_path: Path, addresses: list[str]
) -> None:
    async with makers_site(tmp_path) as (maker, reader):
        maker.addresses = [addresses]
        with pytest.raises(EgressRefused):
            await reader.read(URL)
        assert maker.reads == 0


async def test_rebinding_the_address_that_was_checked_is_the_one_that_is_asked(
    tmp_path: Path,
) -> None:
    async with makers_site(tmp_path) as (maker, reader):
        for _ in range(500):
            maker.addresses = [["127.0.0.1"], ["10.0.0.1"]]
            before = maker.resolved
            assert (await reader.read(URL)).status == 200
            assert maker.resolved == before + 1
        assert maker.reads == 500


async def test_another_names_certificate_is_not_taken(tmp_path: Path) -> None:
    async with makers_site(tmp_path) as (maker, reader):
        with pytest.raises(UpstreamUnavailable):
            await reader.read("https://other.example/client.json")
        assert maker.reads == 0
