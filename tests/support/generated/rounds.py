"""One tool, many generated calls."""

import sys
import traceback
from collections import Counter
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.support.generated.calls import Calls
from tests.support.generated.judge import Outside, problems
from tests.support.generated.upstream import ORIGIN, InProcessEgress, Upstream
from tests.support.generated.values import Known
from tests.unit.tools.fakes import FakeAudit, FixedHistory, caller
from xerus.atlassian.credentials import Product
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.pat import SharedCredentials, SharedToken
from xerus.clock import SystemClock
from xerus.settings.toolsets import ALL as EVERY_SET
from xerus.settings.toolsets import Profile
from xerus.tools.batch import batch
from xerus.tools.catalogue import ALL, Catalogue
from xerus.tools.connection import SharedStatus
from xerus.tools.declaration import Tool
from xerus.tools.lean import LEAN
from xerus.tools.policy import Policy
from xerus.tools.results import ToolResult
from xerus.tools.runner import Runner
from xerus_sandbox.accounts import ADA, API_TOKENS, PATS

TOOLS: tuple[Tool, ...] = (*ALL, *LEAN)
_TOOLS_URL = "http://localhost/tools"
_CALLS_PER_WORLD = 250
_MOST_FINDINGS = 25


@dataclass
class Tally:
    """What a round came to."""

    calls: int = 0
    requests: int = 0
    answered: int = 0
    refused: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.calls += other.calls
        self.requests += other.requests
        self.answered += other.answered
        self.refused += other.refused
        self.statuses += other.statuses
        self.findings += other.findings
        self.slowest = max(self.slowest, other.slowest)


class Rounds:
    """Runs tools on one deployment, free or held to ENG and DOCS."""

    def __init__(self, upstream: Upstream, *, is_cloud: bool, is_held: bool) -> None:
        self._upstream = upstream
        self._is_cloud = is_cloud
        self._is_held = is_held
        self._is_used = True
        self._egress = InProcessEgress(upstream)
        self._credentials = _credentials(self._egress, is_cloud=is_cloud)

    @property
    def name(self) -> str:
        """What is tried here."""
        where = "Cloud" if self._is_cloud else "Data Center"
        return f"{where}, {'held to ENG and DOCS' if self._is_held else 'no filter'}"

    async def run(self, tool: Tool, count: int, seed: str = "") -> Tally:
        """Run `count` generated calls and return what they came to."""
        tally = Tally()
        await self._settle()
        self._fresh()
        known = Known(self._upstream.world, is_cloud=self._is_cloud)
        calls = Calls(f"{seed}{tool.name} {self.name}", known, ALL)
        while tally.calls < count and len(tally.findings) < _MOST_FINDINGS:
            await self._world(tool, calls, min(_CALLS_PER_WORLD, count - tally.calls), tally)
        return tally

    async def requests(self, name: str, arguments: dict[str, Any]) -> list[str]:
        """Return "METHOD path" of each request of a call that has to succeed."""
        tool = next(tool for tool in TOOLS if tool.name == name)
        await self._settle()
        self._egress.sent.clear()
        result = await self._runner(tool).run(caller(), name, arguments)
        assert not result.is_error, f"{name}: {result.text}"
        return [f"{sent.method} {sent.path}" for sent in self._egress.sent]

    async def _world(self, tool: Tool, calls: Calls, count: int, tally: Tally) -> None:
        """Run calls on fresh data."""
        self._fresh()
        outside = Outside(self._upstream.world, is_cloud=self._is_cloud)
        runner = self._runner(tool)
        for _ in range(count):
            arguments = calls.arguments(tool)
            with capture_logs([_reason]) as logs:
                result = await self._call(runner, tool, arguments, tally)
            calls.learn(tool.name, result.text)
            found = list(self._problems(tool, arguments, result))
            found += [entry["reason"] for entry in logs if "reason" in entry]
            if self._is_held:
                found += outside.told(arguments, result)
            tally.findings += [f"{tool.name} {_short(arguments)} ({self.name}): {f}" for f in found]
        if self._is_held and (changed := outside.changed()):
            tally.findings.append(f"{tool.name} ({self.name}): changed outside: {changed[:5]}")

    async def _settle(self) -> None:
        """Let the credentials learn what the servers are, which is no request of any tool."""
        for product in Product:
            await self._credentials.target(product, None)

    def _fresh(self) -> None:
        if self._is_used:
            self._upstream.reset()
            self._is_used = False

    async def _call(
        self, runner: Runner, tool: Tool, arguments: dict[str, Any], tally: Tally
    ) -> ToolResult:
        self._egress.sent.clear()
        self._egress.refused.clear()
        begun = perf_counter()
        result = await runner.run(caller(), tool.name, arguments)
        took = perf_counter() - begun
        await runner.drain()
        tally.calls += 1
        tally.requests += len(self._egress.sent)
        tally.answered += not result.is_error
        tally.refused += result.is_error and not self._egress.sent
        tally.statuses.update(sent.status for sent in self._egress.sent)
        self._is_used |= tool.writes or tool in (batch, *LEAN)
        if took > tally.slowest[0]:
            tally.slowest = (took, f"{tool.name} {_short(arguments)}")
        return result

    def _problems(self, tool: Tool, arguments: dict[str, Any], result: ToolResult) -> Iterator[str]:
        return problems(
            _called(tool, arguments),
            arguments,
            result,
            self._egress,
            is_cloud=self._is_cloud,
            is_held=self._is_held,
        )

    def _runner(self, tool: Tool) -> Runner:
        held: dict[str, Any] = {"projects": frozenset({"ENG"}), "spaces": frozenset({"DOCS"})}
        profile = Profile.LEAN if tool in LEAN else Profile.DEFAULT
        policy = Policy(choices=EVERY_SET, profile=profile, **(held if self._is_held else {}))
        clock = SystemClock()
        return Runner(
            catalogue=Catalogue(policy=policy),
            credentials_for=lambda _: self._credentials,
            status_for=lambda _: SharedStatus(credentials=self._credentials, tools_url=_TOOLS_URL),
            history_for=lambda _: FixedHistory(),
            egress=self._egress,
            limits=AtlassianLimits(clock=clock),
            audit=FakeAudit(),
            tools_url=_TOOLS_URL,
            clock=clock,
        )


def _reason(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say in one line what a logged exception was and where, while it is being handled."""
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        places = traceback.extract_tb(error.__traceback__ if error else None)[-2:]
        where = " < ".join(f"{Path(at.filename).name}:{at.lineno}" for at in reversed(places))
        event["reason"] = f"{error!r:.300} at {where}"
    return event


def _called(tool: Tool, arguments: dict[str, Any]) -> list[Tool]:
    """Return the tools that a call runs: its own, or those it names."""
    names = {arguments.get("tool")} if isinstance(arguments.get("tool"), str) else set()
    steps = arguments.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and isinstance(step.get("tool"), str):
            names.add(step["tool"])
    return [tool, *(one for one in ALL if one.name in names)]


def _credentials(egress: InProcessEgress, *, is_cloud: bool) -> SharedCredentials:
    if is_cloud:
        token, site = SecretStr(API_TOKENS[ADA.email]), f"{ORIGIN}/site/acme"
        return SharedCredentials(
            egress=egress,
            api_url=ORIGIN,
            jira=SharedToken(url=site, username=ADA.email, token=token),
            confluence=SharedToken(url=f"{site}/wiki", username=ADA.email, token=token),
        )
    token, base = SecretStr(PATS[ADA.email]), f"{ORIGIN}/dc"
    return SharedCredentials(
        egress=egress,
        api_url=ORIGIN,
        jira=SharedToken(url=f"{base}/jira", username="", token=token),
        confluence=SharedToken(url=f"{base}/confluence", username="ada", token=token),
    )


def _short(arguments: dict[str, Any]) -> str:
    text = repr(arguments)
    return text if len(text) <= 300 else f"{text[:300]}..."
