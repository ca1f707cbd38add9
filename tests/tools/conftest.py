"""Every test here runs twice: on Cloud and on Data Center."""

from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Sandbox
from tests.tools.bench import Bench, cloud_credentials, data_center_credentials, settle
from xerus.egress.client import Egress


@pytest.fixture(params=["cloud", "data_center"])
def deployment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def bench(sandbox: Sandbox, deployment: str) -> AsyncIterator[Bench]:
    """Ada's tools."""
    async for made in _bench(sandbox, deployment, "ada@example.com"):
        yield made


@pytest.fixture
async def grace(sandbox: Sandbox, deployment: str) -> AsyncIterator[Bench]:
    """The tools of somebody who may not see HR and administers nothing."""
    async for made in _bench(sandbox, deployment, "grace@example.com"):
        yield made


async def _bench(sandbox: Sandbox, deployment: str, account: str) -> AsyncIterator[Bench]:
    is_cloud = deployment == "cloud"
    make = cloud_credentials if is_cloud else data_center_credentials
    known = await sandbox.credentials()
    egress = Egress(allowed_origins=[sandbox.atlassian.base])
    credentials = make(sandbox, egress, known, account)
    await settle(credentials)
    yield Bench(sandbox, credentials, egress, is_cloud=is_cloud)
    await egress.close()
