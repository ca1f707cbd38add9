"""What AWS KMS alone does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.key_services.aws import FakeAws
from tests.support.key_services.providers import provider_of, told
from tests.support.key_services.service import status
from xerus.errors import NotConfigured, Unavailable


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[FakeAws]:
    async with FakeAws(tmp_path) as running:
        yield running


async def test_an_access_key_serves_without_a_role(aws: FakeAws, tmp_path: Path) -> None:
    async with provider_of(aws.env_with_access_key(), tmp_path) as provider:
        assert await provider.unwrap(await provider.wrap(b"secret", b"a"), b"a") == b"secret"

    assert aws.logins == 0


async def test_a_wrong_secret_is_told_with_its_settings(aws: FakeAws, tmp_path: Path) -> None:
    async with provider_of(aws.env_with_access_key(right=False), tmp_path) as provider:
        with pytest.raises(NotConfigured, match="signature is wrong") as caught:
            await provider.wrap(b"secret", b"")

    assert "AWS_SECRET_ACCESS_KEY" in caught.value.hint
    assert "clock" in caught.value.hint
    assert not [secret for secret in aws.secrets if secret in told(caught.value)]


async def test_a_session_token_that_is_over_is_told_with_what_renews_itself(
    aws: FakeAws, tmp_path: Path
) -> None:
    async with provider_of(aws.env_with_access_key(), tmp_path) as provider:
        await provider.wrap(b"secret", b"")
        aws.expire()
        with pytest.raises(NotConfigured, match="session token is over") as caught:
            await provider.wrap(b"secret", b"")

    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in caught.value.hint


async def test_throttling_which_aws_tells_with_400_passes(aws: FakeAws, tmp_path: Path) -> None:
    throttled = status(400, '{"__type": "com.amazonaws.kms#ThrottlingException"}')
    async with provider_of(aws.env, tmp_path) as provider:
        wrapped = await provider.wrap(b"secret", b"")
        aws.faults = [throttled] * 2
        assert await provider.unwrap(wrapped, b"") == b"secret"

        aws.faults = [throttled] * 3
        with pytest.raises(Unavailable, match="status 400 and asks to wait"):
            await provider.unwrap(wrapped, b"")


async def test_a_page_in_place_of_sts_is_told(aws: FakeAws, tmp_path: Path) -> None:
    aws.faults = [status(200, "<html></html>", "text/html")] * 3

    async with provider_of(aws.env, tmp_path) as provider:
        with pytest.raises(Unavailable, match="AWS STS answers with status 200 and not as it"):
            await provider.wrap(b"secret", b"")


async def test_a_token_file_that_is_gone_is_named(aws: FakeAws, tmp_path: Path) -> None:
    aws.token_file.unlink()

    async with provider_of(aws.env, tmp_path) as provider:
        with pytest.raises(NotConfigured, match=f"{aws.token_file} cannot be read"):
            await provider.wrap(b"secret", b"")
