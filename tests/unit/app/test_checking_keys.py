"""`xerus check` tries the key provider."""

import asyncio
from pathlib import Path

import pytest

from tests.support.key_services.every import EVERY
from tests.support.key_services.vault import FakeVault
from xerus.app.checking import report


async def _checked(env: dict[str, str], folder: Path) -> int:
    return await asyncio.to_thread(report, {**env, "XERUS_DATA_DIR": str(folder)})


@pytest.mark.parametrize("kind", EVERY)
async def test_a_key_service_is_tried_and_its_refusal_told(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with EVERY[kind](tmp_path) as service:
        assert await _checked(service.env, tmp_path) == 0
        service.forbid("decrypt")
        assert await _checked(service.env, tmp_path) == 1

        said = capsys.readouterr().out
        assert "wrong    XERUS_KEY_PROVIDER cannot be used." in said
        assert service.words["forbid"][0] in said
        assert not [secret for secret in service.secrets if secret in said]


async def test_a_key_service_without_its_settings_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeVault(tmp_path) as vault:
        env = {name: value for name, value in vault.env.items() if name != "VAULT_TOKEN_FILE"}

        assert await _checked(env, tmp_path) == 1

        assert vault.seen == []
    assert "VAULT_TOKEN is missing" in capsys.readouterr().out
