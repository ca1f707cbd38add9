"""Every test here runs twice: on Cloud and on Data Center."""

from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Sandbox
from tests.tools.bench import Bench, cloud_credentials, data_center_credentials
from xerus.egress.client import Egress


@pytest.fixture(params=["cloud", "data_center"])
async def bench(sandbox: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    is_cloud = request.param == "cloud"
    make = cloud_credentials if is_cloud else data_center_credentials
    known = await sandbox.credentials()
    egress = Egress(allowed_origins=[sandbox.atlassian.base])
    credentials = make(sandbox, egress, known, "ada@example.com")
    yield Bench(sandbox, credentials, egress, is_cloud=is_cloud)
    await egress.close()
