"""The runner on the sandbox, as one account with the operator's tokens."""

import re
from typing import Any

import orjson
from pydantic import SecretStr

from tests.support.stack import Sandbox
from tests.unit.tools.fakes import FakeAudit, caller
from xerus.atlassian.limits import QuotaHolds
from xerus.atlassian.pat import SharedCredentials, SharedToken
from xerus.clock import SystemClock
from xerus.egress.client import Egress
from xerus.tools.catalogue import Catalogue
from xerus.tools.connection import SharedStatus
from xerus.tools.declaration import Tool
from xerus.tools.results import ToolResult
from xerus.tools.runner import Runner

_TOOLS_URL = "http://localhost:8000/tools"
_PARAMETER = re.compile(r"\\\{[^}]+\\\}")
_SETTLING = ("/serverInfo", "/_edge/tenant_info")
"""What is asked once to learn the deployment, before any tool."""


class Bench:
    """Runs tools and checks that each called only what it declares."""

    def __init__(
        self, sandbox: Sandbox, credentials: SharedCredentials, egress: Egress, *, is_cloud: bool
    ) -> None:
        self.is_cloud = is_cloud
        self.sandbox = sandbox
        self.audit = FakeAudit()
        self.catalogue = Catalogue()
        clock = SystemClock()
        self.runner = Runner(
            catalogue=self.catalogue,
            credentials_for=lambda _: credentials,
            status_for=lambda _: SharedStatus(credentials=credentials, tools_url=_TOOLS_URL),
            egress=egress,
            quota=QuotaHolds(clock=clock),
            audit=self.audit,
            tools_url=_TOOLS_URL,
            clock=clock,
        )

    async def run(self, tool: str, **arguments: Any) -> ToolResult:
        mark = await self.sandbox.atlassian.mark()
        result = await self.runner.run(caller(), tool, arguments)
        await self.runner.drain()
        seen = await self.requests(mark)
        undeclared = [line for line in seen if not self._declared(self.catalogue.get(tool), line)]
        assert not undeclared
        return result

    async def ok(self, tool: str, **arguments: Any) -> str:
        result = await self.run(tool, **arguments)
        assert not result.is_error, result.text
        return result.text

    async def failed(self, tool: str, **arguments: Any) -> str:
        result = await self.run(tool, **arguments)
        assert result.is_error
        return result.text

    async def json(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.run(tool, format="json", **arguments)
        assert result.structured is not None, result.text
        orjson.dumps(result.structured)
        return result.structured

    async def requests(self, mark: int) -> list[str]:
        """Return "METHOD path" below the product's base of every request since `mark`."""
        entries = await self.sandbox.atlassian.log(mark)
        base = re.compile(r"^/(?:site/acme|dc/jira|dc/confluence)")
        lines = [f"{entry['method']} {base.sub('', entry['path'])}" for entry in entries]
        return [line for line in lines if not line.endswith(_SETTLING)]

    def _declared(self, tool: Tool, line: str) -> bool:
        templates = tool.endpoints if self.is_cloud else tool.data_center
        patterns = (_PARAMETER.sub("[^/]+", re.escape(template)) for template in templates)
        return any(re.fullmatch(pattern, line) for pattern in patterns)


def cloud_credentials(
    sandbox: Sandbox, egress: Egress, known: dict[str, Any], account: str
) -> SharedCredentials:
    token = SecretStr(known["api_tokens"][account])
    site = f"{sandbox.atlassian.base}/site/acme"
    return SharedCredentials(
        egress=egress,
        jira=SharedToken(url=site, username=account, token=token),
        confluence=SharedToken(url=f"{site}/wiki", username=account, token=token),
    )


def data_center_credentials(
    sandbox: Sandbox, egress: Egress, known: dict[str, Any], account: str
) -> SharedCredentials:
    token = SecretStr(known["pats"][account])
    base = f"{sandbox.atlassian.base}/dc"
    return SharedCredentials(
        egress=egress,
        jira=SharedToken(url=f"{base}/jira", username="", token=token),
        confluence=SharedToken(url=f"{base}/confluence/", username="ada", token=token),
    )
