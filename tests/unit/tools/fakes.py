# doubles keep the signatures of what they stand for
"""Doubles for the edges of the tools: an egress with a script, credentials, an audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from multidict import CIMultiDict
from pydantic import SecretStr

from xerus.atlassian.credentials import Deployment, Product, Target
from xerus.egress.client import Egress, Reply
from xerus.errors import Unavailable
from xerus.ids import UserId
from xerus.tools.caller import Caller
from xerus.tools.connection import Status
from xerus.tools.declaration import Tool
from xerus.tools.own_activity import PastCall

NOW = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)


class FixedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return Reply(status=status, headers=CIMultiDict(named), body=content)


@dataclass(frozen=True)
class Sent:
    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    json: Any


class ScriptedEgress(Egress):
    """Answers with the script's replies in turn; an exception in it is raised."""

    def __init__(self, *script: Reply | Exception, order: list[str] | None = None) -> None:
        super().__init__(allowed_origins=())
        self.script = list(script)
        self.sent: list[Sent] = []
        self._order = order if order is not None else []

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float = 20.0,
        max_bytes: int = 0,
        alone: bool = False,
    ) -> Reply:
        json = orjson.loads(body) if body else None
        self.sent.append(Sent(method, url, headers or {}, params or {}, json))
        self._order.append("request")
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def target(
    product: Product = Product.JIRA,
    *,
    deployment: Deployment = Deployment.CLOUD,
    scopes: frozenset[str] | None = None,
    credential: Any = "user",
) -> Target:
    return Target(
        product=product,
        deployment=deployment,
        api_base="https://api.example/ex",
        browse_base="https://acme.example",
        site_name="acme",
        cloud_id=None,
        credential=credential,
        account_email="ada@example.com",
        scopes=scopes,
    )


@dataclass
class FakeCredentials:
    """One target per product; `renewals` is what `renew` gives in turn."""

    scopes: frozenset[str] | None = None
    deployment: Deployment = Deployment.CLOUD
    error: Exception | None = None
    renewals: list[SecretStr | None] = field(default_factory=list)
    renewed: int = 0

    async def target(self, product: Product, site: str | None) -> Target:
        if self.error:
            raise self.error
        return target(product, deployment=self.deployment, scopes=self.scopes)

    async def authorization(self, target: Target) -> SecretStr:
        return SecretStr("Bearer first")

    async def renew(self, target: Target, rejected: SecretStr) -> SecretStr | None:
        self.renewed += 1
        return self.renewals.pop(0)


class FakeAudit:
    def __init__(self, order: list[str] | None = None, *, away: bool = False) -> None:
        self.order = order if order is not None else []
        self.finishes: list[tuple[str, str, int]] = []
        self.refusals: list[tuple[str, str]] = []
        self.away = away

    async def started(self, caller: Caller, tool: Tool, target: Target | None, item: str) -> None:
        if self.away:
            raise Unavailable("The database is away.")
        self.order.append("started")

    async def finished(
        self,
        caller: Caller,
        tool: Tool,
        target: Target | None,
        item: str,
        *,
        outcome: str,
        status: int,
        latency_ms: int,
    ) -> None:
        self.finishes.append((tool.name, outcome, status))

    async def refused(self, caller: Caller, tool: str, *, cause: str) -> None:
        self.refusals.append((tool, cause))


class FixedHistory:
    """One call that ended long ago."""

    async def calls(
        self,
        *,
        tool: str,
        item: str,
        since: datetime | None,
        before: datetime | None,
        limit: int,
    ) -> Sequence[PastCall]:
        call = PastCall(
            at=NOW,
            tool="jira_get_issue",
            item="ENG-1",
            outcome="ok",
            client="A client",
            site="acme",
            account="ada@example.com",
        )
        wanted = tool in {"", call.tool} and item in {"", call.item}
        inside = (since or call.at) <= call.at < (before or datetime.max.replace(tzinfo=UTC))
        return [call] if wanted and inside else []


class FixedStatus:
    async def status(self) -> Status:
        return Status(state="connected", credential="user", tools_url="http://localhost/tools")


ALL_SCOPES = ("jira:read", "jira:write", "confluence:read", "confluence:write")


def caller(scopes: Sequence[str] = ALL_SCOPES) -> Caller:
    return Caller(
        user_id=UserId("u1"),
        email="ada@example.com",
        name="Ada",
        client_id="c1",
        client_name="Test",
        mcp_scopes=frozenset(scopes),
        correlation_id="abc123def456",
    )
