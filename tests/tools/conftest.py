"""Every test here runs twice: on Cloud and on Data Center."""

from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Sandbox
from tests.tools.bench import Bench, cloud_credentials, data_center_credentials, settle
from xerus.atlassian.pat import SharedCredentials
from xerus.egress.client import Egress


@pytest.fixture(params=["cloud", "data_center"])
def deployment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Operators:
    """The operator's tokens for each deployment and account, as a running Xerus holds them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._known: dict[tuple[str, str], tuple[SharedCredentials, Egress]] = {}

    async def bench(self, deployment: str, account: str) -> Bench:
        """Return tools that have run nothing yet."""
        key = (deployment, account)
        if key not in self._known:
            self._known[key] = await self._settled(deployment, account)
        return Bench(self._sandbox, *self._known[key], is_cloud=deployment == "cloud")

    async def close(self) -> None:
        for _, egress in self._known.values():
            await egress.close()

    async def _settled(self, deployment: str, account: str) -> tuple[SharedCredentials, Egress]:
        make = cloud_credentials if deployment == "cloud" else data_center_credentials
        egress = Egress(allowed_origins=[self._sandbox.atlassian.base])
        credentials = make(self._sandbox, egress, await self._sandbox.credentials(), account)
        await settle(credentials)
        return credentials, egress


@pytest.fixture(scope="module")
async def operators(sandbox: Sandbox) -> AsyncIterator[Operators]:
    made = Operators(sandbox)
    yield made
    await made.close()


@pytest.fixture
async def bench(operators: Operators, deployment: str) -> Bench:
    """Ada's tools."""
    return await operators.bench(deployment, "ada@example.com")


@pytest.fixture
async def grace(operators: Operators, deployment: str) -> Bench:
    """The tools of somebody who may not see HR and administers nothing."""
    return await operators.bench(deployment, "grace@example.com")
