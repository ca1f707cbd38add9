"""The key management services that every provider test runs against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.key_services.service import FakeService
from tests.support.key_services.vault import FakeVault


@pytest.fixture(params=[FakeVault], ids=["vault-transit"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FakeService]:
    async with request.param(tmp_path) as running:
        yield running
