"""The OAuth front as `docs/reference/oauth.openapi.json` describes it, tried by schemathesis.

Half of the requests are as described and half are not. In a third of either some values are replaced
by ones that are good at the moment, and a third has nothing else. Whatever is asked, the answer has a status, a content type and a
form that are described, and is never an error of the server.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.flows.known import Known, known
from tests.flows.malformed import Place
from tests.support.routes import operations
from tests.support.stack import user_mode
from tests.support.standing import UNLIMITED, Held, running, sandbox_alone

_Drawn = tuple[Any, frozenset[int]]
_NONE, _ALL = frozenset[int](), frozenset(range(12))
_NEARLY_ALL = st.frozensets(st.integers(0, 12), min_size=1, max_size=3).map(lambda out: _ALL - out)
Told = Callable[[str], None]
DESCRIPTION = Path(__file__).parents[2] / "docs" / "reference" / "oauth.openapi.json"
_CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_USED_UP_AFTER = 10
_ROUNDS, _MOST_SHOWN = 20, 5
# One caller sends what many would: no limit may answer in the place of what is tried.
_SETTINGS = {**UNLIMITED, "XERUS_REGISTRATIONS_PER_MINUTE": "1000000000"}


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    async with (
        sandbox_alone() as sandbox,
        running({**await user_mode(sandbox), **_SETTINGS}) as xerus,
    ):
        yield Place(xerus, await operations(xerus), Held())


def described() -> list[Any]:
    """Return every operation of the description."""
    schema = schemathesis.openapi.from_path(DESCRIPTION)
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(found) == schema.statistic.operations.total
    return found


async def tried(here: Place, operation: Any, cases: int, told: Told) -> Counter[int]:
    """Send generated requests to one operation; return the statuses of the answers."""
    trial = _Trial(here, operation, told)
    await asyncio.to_thread(trial.run, cases)
    here.check_log()
    found = len(trial.findings)
    assert not found, "\n".join([f"{found} findings", *trial.findings[:_MOST_SHOWN]])
    return trial.statuses


@dataclass
class _Trial:
    here: Place
    operation: Any
    told: Told
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    known: Known = field(default_factory=Known)
    turn: int = 0

    def run(self, cases: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for again in range(_ROUNDS):
                left = cases - self.statuses.total()
                if left <= 0:
                    return

                @seed(again)
                @settings(
                    max_examples=left, deadline=None, database=None, phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )  # fmt: skip
                @given(self._cases())
                def one(case: Any) -> None:
                    self._one(case, session)

                one()
        raise AssertionError(f"{self.operation.label}: no more than {self.statuses.total()} cases")

    def _cases(self) -> st.SearchStrategy[_Drawn]:
        operation = self.operation
        modes = [GenerationMode.POSITIVE]
        if any(map(list, (operation.query, operation.body, operation.path_parameters))):
            modes.append(GenerationMode.NEGATIVE)
        return st.tuples(
            st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]),
            st.one_of(st.just(_NONE), _NEARLY_ALL, st.just(_ALL)),
        )

    def _renew(self) -> None:
        self.turn += 1
        self.known = asyncio.run(known(self.here.xerus, self.operation.label, self.turn))

    def _one(self, drawn: _Drawn, session: requests.Session) -> None:
        case, numbers = drawn
        if self.statuses.total() % _USED_UP_AFTER == 0:
            self._renew()
        self._put(case, self.known.some(numbers), alone=numbers == _ALL)
        answer = case.call(self.here.xerus.url, session, allow_redirects=False)
        session.cookies.clear()
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=_CHECKS)
        except FailureGroup as failures:
            # The same request would not find the same code or consent again, so go on.
            self.findings.append(str(failures))
        self.told(f"{self.operation.label}: {self.statuses.total()} requests")

    def _put(self, case: Any, good: Known, *, alone: bool) -> None:
        """Replace what was generated by what is good; `alone` sends nothing else."""
        in_path = {name: good.values[name] for name in good.values if f"{{{name}}}" in case.path}
        case.path_parameters.update(in_path)
        case.headers.update(good.headers)
        if not list(self.operation.body):
            rest = {name: good.values[name] for name in good.values if name not in in_path}
            case.query = rest if alone else {**case.query, **rest}
        elif alone and good.values:
            case.body = dict(good.values)
        elif isinstance(case.body, dict):
            case.body.update(good.values)
