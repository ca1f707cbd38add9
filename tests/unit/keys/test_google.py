"""What Google Cloud KMS alone does."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.certificates import private_pem, rsa_key
from tests.support.key_services.google import FakeGoogle
from tests.support.key_services.providers import provider_of, told
from xerus.errors import NotConfigured, Unavailable
from xerus.keys.kms.crc32c import crc32c


@pytest.fixture
async def google(tmp_path: Path) -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_a_checksum_is_that_of_rfc_3720(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


async def test_bytes_that_were_damaged_on_the_way_are_asked_for_again(
    google: FakeGoogle, tmp_path: Path
) -> None:
    async with provider_of(google.env, tmp_path) as provider:
        google.damaged = 2
        wrapped = await provider.wrap(b"secret", b"")
        google.damaged = 2
        assert await provider.unwrap(wrapped, b"") == b"secret"

        google.damaged = 3
        with pytest.raises(Unavailable, match="damaged on the way"):
            await provider.unwrap(wrapped, b"")


async def test_an_answer_that_verified_nothing_is_asked_for_again(
    google: FakeGoogle, tmp_path: Path
) -> None:
    async with provider_of(google.env, tmp_path) as provider:
        google.unverified = 2
        await provider.wrap(b"secret", b"")

        google.unverified = 3
        with pytest.raises(Unavailable, match="damaged on the way"):
            await provider.wrap(b"secret", b"")


async def test_a_key_of_another_account_gets_no_token(google: FakeGoogle, tmp_path: Path) -> None:
    given = json.loads(google.file.read_text())
    pem = private_pem(rsa_key())
    google.file.write_text(json.dumps({**given, "private_key": pem}))

    async with provider_of(google.env, tmp_path) as provider:
        with pytest.raises(NotConfigured, match="gives xerus@acme") as caught:
            await provider.wrap(b"secret", b"")

    assert pem.splitlines()[1] not in told(caught.value)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"type": "authorized_user"}, "is not the key of a service account"),
        ({"private_key": ""}, "lacks one of"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\ncanary"}, "cannot be read"),
        ({"token_uri": "http://elsewhere.example/token"}, "no address of https"),
    ],
)
async def test_a_file_that_does_not_serve_is_told_and_never_quoted(
    google: FakeGoogle, tmp_path: Path, change: dict[str, str], what: str
) -> None:
    google.file.write_text(json.dumps({**json.loads(google.file.read_text()), **change}))

    with pytest.raises(NotConfigured, match=what) as caught:
        async with provider_of(google.env, tmp_path):
            pass

    assert str(google.file) in caught.value.message
    assert "canary" not in told(caught.value)
    assert not [secret for secret in google.secrets if secret in told(caught.value)]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff"])
async def test_a_file_that_holds_nothing_usable_is_told(
    google: FakeGoogle, tmp_path: Path, content: bytes | None
) -> None:
    google.file.unlink()
    if content is not None:
        google.file.write_bytes(content)

    with pytest.raises(NotConfigured, match="GOOGLE_APPLICATION_CREDENTIALS"):
        async with provider_of(google.env, tmp_path):
            pass
