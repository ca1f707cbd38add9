"""What Azure Key Vault alone does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.key_services.azure import FakeAzure
from tests.support.key_services.providers import provider_of
from tests.support.key_services.service import status
from xerus.app.key_services import _azure_scope
from xerus.errors import NotConfigured, Unavailable


@pytest.fixture
async def azure(tmp_path: Path) -> AsyncIterator[FakeAzure]:
    async with FakeAzure(tmp_path) as running:
        yield running


async def test_a_token_of_the_platform_serves_without_a_secret(
    azure: FakeAzure, tmp_path: Path
) -> None:
    env = {**azure.env, "AZURE_FEDERATED_TOKEN_FILE": str(azure.federated)}
    del env["AZURE_CLIENT_SECRET"]

    async with provider_of(env, tmp_path) as provider:
        assert await provider.unwrap(await provider.wrap(b"secret", b"a"), b"a") == b"secret"


async def test_a_version_in_the_settings_wraps_and_every_version_unwraps(
    azure: FakeAzure, tmp_path: Path
) -> None:
    [first] = azure.keys["xerus"]
    azure.rotate()
    key = f"azure-key-vault:{azure.url}/keys/xerus"
    async with provider_of(azure.env, tmp_path) as newest:
        wrapped = await newest.wrap(b"secret", b"")

    async with provider_of(
        {**azure.env, "XERUS_KEY_PROVIDER": f"{key}/{first}"}, tmp_path
    ) as older:
        assert older.reference == f"{key}/{first}"
        assert await older.unwrap(wrapped, b"") == b"secret"
        await older.wrap(b"secret", b"")

    assert azure.versions_used()[-1] == first
    assert azure.versions_used()[0] != first


async def test_a_vault_of_another_tenant_is_told(azure: FakeAzure, tmp_path: Path) -> None:
    refused = status(401, '{"error": {"code": "Unauthorized", "message": "AKV10032: issuer"}}')
    async with provider_of(azure.env, tmp_path) as provider:
        wrapped = await provider.wrap(b"secret", b"")
        azure.faults = [refused, status(200, "{}"), refused]
        with pytest.raises(NotConfigured, match="gives Xerus no token"):
            await provider.unwrap(wrapped, b"")
        token = '{"access_token": "t", "expires_in": 3599}'
        azure.faults = [refused, status(200, token), refused]
        with pytest.raises(NotConfigured, match="does not take the token") as caught:
            await provider.unwrap(wrapped, b"")

    assert "AZURE_TENANT_ID" in caught.value.hint


async def test_entra_that_is_away_is_told_by_its_name(azure: FakeAzure, tmp_path: Path) -> None:
    azure.faults = [status(503, "")] * 3

    async with provider_of(azure.env, tmp_path) as provider:
        with pytest.raises(Unavailable, match="Entra ID answers with status 503"):
            await provider.wrap(b"secret", b"")


@pytest.mark.parametrize(
    ("vault", "scope"),
    [
        ("https://acme.vault.azure.net", "https://vault.azure.net/.default"),
        ("https://acme.vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net/.default"),
        ("https://acme.managedhsm.azure.net", "https://managedhsm.azure.net/.default"),
    ],
)
def test_the_scope_of_a_token_is_the_cloud_of_the_vault(vault: str, scope: str) -> None:
    assert _azure_scope(vault) == scope
