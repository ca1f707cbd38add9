"""The key management services that every provider test runs against."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.key_services.every import EVERY
from tests.support.key_services.service import FakeService


@pytest.fixture(params=EVERY)
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FakeService]:
    async with EVERY[request.param](tmp_path) as running:
        yield running
