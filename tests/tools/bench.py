"""The runner on the sandbox, as one account with the operator's tokens."""

import re
from dataclasses import replace
from typing import Any

import orjson
from pydantic import SecretStr

from tests.support.stack import Sandbox
from tests.unit.tools.fakes import FakeAudit, FixedHistory, caller
from xerus.atlassian.credentials import Credentials, Product, Target
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.pat import SharedCredentials, SharedToken
from xerus.clock import SystemClock
from xerus.egress.client import Egress
from xerus.settings import toolsets
from xerus.settings.toolsets import Toolset
from xerus.tools.catalogue import Catalogue
from xerus.tools.connection import SharedStatus
from xerus.tools.declaration import Tool
from xerus.tools.policy import Policy
from xerus.tools.results import ToolResult
from xerus.tools.runner import Runner

_TOOLS_URL = "http://localhost:8000/tools"
_PARAMETER = re.compile(r"\\\{[^}]+\\\}")
_SETTLING = ("/serverInfo", "/_edge/tenant_info")
"""What is asked once to learn the deployment, before any tool."""
_MEDIA_HOST = "GET /media/file/"
"""Where Cloud sends on to for the content of a file."""


class Granted:
    """Credentials with a grant of fewer scopes than they really have."""

    def __init__(self, credentials: Credentials, scopes: frozenset[str]) -> None:
        self._credentials = credentials
        self._scopes = scopes
        self.authorization = credentials.authorization
        self.renew = credentials.renew

    async def target(self, product: Product, site: str | None) -> Target:
        return replace(await self._credentials.target(product, site), scopes=self._scopes)


class Bench:
    """Runs tools and checks that each called only what it declares."""

    def __init__(
        self,
        sandbox: Sandbox,
        credentials: Credentials,
        egress: Egress,
        *,
        is_cloud: bool,
        granted: frozenset[str] | None = None,
        policy: Policy | None = None,
        base: str = "/site/acme|/dc/jira|/dc/confluence",
    ) -> None:
        self.is_cloud = is_cloud
        self._base = re.compile(f"^(?:{base})")
        self.sandbox = sandbox
        self.audit = FakeAudit()
        self.catalogue = Catalogue(policy=policy or Policy(choices=toolsets.ALL))
        self._checks_endpoints = policy is None  # a filter looks before it lets a call pass
        self._parts = (sandbox, credentials, egress)
        used = credentials if granted is None else Granted(credentials, granted)
        clock = SystemClock()
        self.runner = Runner(
            catalogue=self.catalogue,
            credentials_for=lambda _: used,
            status_for=lambda _: _status(credentials),
            history_for=lambda _: FixedHistory(),
            egress=egress,
            limits=AtlassianLimits(clock=clock),
            audit=self.audit,
            tools_url=_TOOLS_URL,
            clock=clock,
        )

    def granted(self, *scopes: str) -> "Bench":
        """Return the same with a grant of these Atlassian scopes only."""
        return Bench(*self._parts, is_cloud=self.is_cloud, granted=frozenset(scopes))

    def under(self, policy: Policy) -> "Bench":
        """Return the same under another policy of the operator."""
        return Bench(*self._parts, is_cloud=self.is_cloud, policy=policy)

    async def run(self, tool: str, /, **arguments: Any) -> ToolResult:
        mark = await self.sandbox.atlassian.mark()
        result = await self.runner.run(caller(), tool, arguments)
        await self.runner.drain()
        seen = await self.requests(mark)
        if not self._checks_endpoints:
            return result
        undeclared = [line for line in seen if not self._declared(self.catalogue.get(tool), line)]
        assert not undeclared
        return result

    async def ok(self, tool: str, /, **arguments: Any) -> str:
        result = await self.run(tool, **arguments)
        assert not result.is_error, result.text
        return result.text

    async def failed(self, tool: str, /, **arguments: Any) -> str:
        result = await self.run(tool, **arguments)
        assert result.is_error
        return result.text

    async def json(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self.run(tool, format="json", **arguments)
        assert result.structured is not None, result.text
        orjson.dumps(result.structured)
        return result.structured

    async def requests(self, mark: int) -> list[str]:
        """Return "METHOD path" below the product's base of every request since `mark`."""
        entries = await self.sandbox.atlassian.log(mark)
        lines = [f"{entry['method']} {self._base.sub('', entry['path'])}" for entry in entries]
        return [line for line in lines if not line.endswith(_SETTLING)]

    def _declared(self, tool: Tool, line: str) -> bool:
        if line.startswith(_MEDIA_HOST):
            return tool.toolset is Toolset.FILES
        templates = tool.endpoints if self.is_cloud else tool.data_center
        patterns = (_PARAMETER.sub("[^/]+", re.escape(template)) for template in templates)
        return any(re.fullmatch(pattern, line) for pattern in patterns)


def _status(credentials: Credentials) -> SharedStatus:
    assert isinstance(credentials, SharedCredentials)
    return SharedStatus(credentials=credentials, tools_url=_TOOLS_URL)


async def settle(credentials: SharedCredentials) -> None:
    """Let the operator's credentials learn what the servers are, before any tool is counted."""
    for product in Product:
        await credentials.target(product, None)


def cloud_credentials(
    sandbox: Sandbox, egress: Egress, known: dict[str, Any], account: str
) -> SharedCredentials:
    token = SecretStr(known["api_tokens"][account])
    site = f"{sandbox.atlassian.base}/site/acme"
    return SharedCredentials(
        egress=egress,
        api_url=sandbox.atlassian.base,
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
        api_url=sandbox.atlassian.base,
        jira=SharedToken(url=f"{base}/jira", username="", token=token),
        confluence=SharedToken(url=f"{base}/confluence/", username="ada", token=token),
    )
