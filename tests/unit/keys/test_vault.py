"""What Vault Transit alone does."""

from pathlib import Path

import pytest

from tests.support.key_services.providers import provider_of, told
from tests.support.key_services.vault import FakeVault
from xerus.errors import NotConfigured


async def test_a_token_of_two_lines_is_told_and_not_sent(tmp_path: Path) -> None:
    async with FakeVault(tmp_path) as vault:
        vault.token_file.write_text("hvs.canary\nhvs.second")

        async with provider_of(vault.env, tmp_path) as provider:
            with pytest.raises(NotConfigured, match="holds a line break") as caught:
                await provider.wrap(b"secret", b"")

        assert vault.seen == []
    assert "canary" not in told(caught.value)


async def test_a_token_in_the_settings_serves_without_a_file(tmp_path: Path) -> None:
    async with FakeVault(tmp_path) as vault:
        env = {**vault.env, "VAULT_TOKEN": vault.token_file.read_text()}
        del env["VAULT_TOKEN_FILE"]

        async with provider_of(env, tmp_path) as provider:
            assert await provider.unwrap(await provider.wrap(b"secret", b""), b"") == b"secret"
            vault.expire()
            with pytest.raises(NotConfigured, match="with this token"):
                await provider.wrap(b"secret", b"")


async def test_a_token_file_that_cannot_be_read_any_more_leaves_the_token_at_hand(
    tmp_path: Path,
) -> None:
    async with FakeVault(tmp_path) as vault, provider_of(vault.env, tmp_path) as provider:
        vault.token_file.unlink()
        vault.forbid()

        with pytest.raises(NotConfigured, match="with this token"):
            await provider.wrap(b"secret", b"")


async def test_another_namespace_has_no_such_engine(tmp_path: Path) -> None:
    async with (
        FakeVault(tmp_path) as vault,
        provider_of({**vault.env, "VAULT_NAMESPACE": "other"}, tmp_path) as provider,
    ):
        with pytest.raises(NotConfigured, match="no secrets engine at transit/") as caught:
            await provider.wrap(b"secret", b"")

    assert "VAULT_NAMESPACE" in caught.value.hint
