"""Every tool: it works, and it refuses what is missing, hidden, not granted and wrong."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.stack import Sandbox
from tests.tools.bench import Bench
from tests.tools.cases import both, confluence_pages, jira_issues, jira_planning
from tests.tools.cases.case import Case, Fails, NoCase, Omits
from tests.tools.cases.things import Things
from tests.tools.gateway import gateway_credentials
from xerus.egress.client import Egress
from xerus.settings.toolsets import ALL as ALL_TOOLSETS
from xerus.settings.toolsets import Profile
from xerus.tools.catalogue import ALL
from xerus.tools.declaration import Tool
from xerus.tools.lean import LEAN
from xerus.tools.policy import Policy

CASES = (*both.CASES, *jira_issues.CASES, *jira_planning.CASES, *confluence_pages.CASES)
TOOLS = {tool.name: tool for tool in (*ALL, *LEAN)}
_LEAN = {tool.name for tool in LEAN}
_ASKING_POSTS = re.compile(r"/search(/jql|/approximate-count)?$|/jql/parse$|/bulkfetch$")
"""POST requests that change nothing."""

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.tool)
scoped_case = pytest.mark.parametrize(
    "case", [case for case in CASES if TOOLS[case.tool].scopes], ids=lambda case: case.tool
)


@pytest.fixture
def things(bench: Bench) -> Things:
    return Things(bench)


def under_test(bench: Bench, case: Case) -> Bench:
    """The lean profile's tools are there in that profile only; what runs others declares nothing."""
    if case.tool in _LEAN:
        return bench.under(Policy(choices=ALL_TOOLSETS, profile=Profile.LEAN))
    return bench.under(Policy(choices=ALL_TOOLSETS)) if case.tool == "batch" else bench


async def changes(bench: Bench, mark: int) -> list[dict[str, Any]]:
    """Return the requests since `mark` that changed something."""
    return [
        entry
        for entry in await bench.sandbox.atlassian.log(mark)
        if entry["method"] != "GET"
        and entry["status"] < 400
        and not _ASKING_POSTS.search(entry["path"])
    ]


def effect_of(case: Case) -> Tool:
    """The tool whose effect counts: what a running tool is told to run."""
    inner = case.works.get("tool") if case.tool in _LEAN else None
    return TOOLS[inner or case.tool]


def test_every_tool_has_its_cases_and_every_case_its_tool() -> None:
    names = [case.tool for case in CASES]
    assert sorted(names) == sorted(TOOLS)


def test_a_tool_without_a_counterpart_on_data_center_says_why() -> None:
    alone = {tool.name for tool in ALL if tool.endpoints and not tool.data_center}
    assert {case.tool for case in CASES if case.cloud_only} == alone


@every_case
async def test_it_works(bench: Bench, things: Things, case: Case) -> None:
    given, says = await things.fill(case.works), await things.fill(case.says)
    tested = under_test(bench, case)
    mark = await bench.sandbox.atlassian.mark()
    if case.cloud_only and not bench.is_cloud:
        assert "Data Center" in await tested.failed(case.tool, **given)
        assert await changes(bench, mark) == []
        return
    assert re.search(says, await tested.ok(case.tool, **given), re.MULTILINE)
    writes = effect_of(case).writes
    assert bool(await changes(bench, mark)) is writes


@every_case
async def test_what_is_not_there_is_said_and_nothing_changes(
    bench: Bench, things: Things, case: Case
) -> None:
    if case.cloud_only and not bench.is_cloud:
        return
    await refused(bench, under_test(bench, case), things, case, case.missing)


@every_case
async def test_what_may_not_be_seen_or_done_looks_as_if_it_were_not_there(
    bench: Bench, grace: Bench, things: Things, case: Case
) -> None:
    if case.cloud_only and not bench.is_cloud:
        return
    await refused(bench, under_test(grace, case), things, case, case.hidden)


async def refused(
    bench: Bench, tested: Bench, things: Things, case: Case, wanted: Fails | Omits | NoCase
) -> None:
    if isinstance(wanted, NoCase):
        assert wanted.reason
        return
    given = await things.fill(wanted.given)
    mark = await bench.sandbox.atlassian.mark()
    result = await tested.run(case.tool, **given)
    assert result.is_error is isinstance(wanted, Fails), result.text
    assert re.search(wanted.says, result.text), result.text
    assert "inside Xerus" not in result.text
    if wanted.silent:
        assert not re.search(wanted.silent, result.text), result.text
    assert await changes(bench, mark) == []


@every_case
async def test_wrong_arguments_are_refused_with_words_and_unasked(bench: Bench, case: Case) -> None:
    if isinstance(case.wrong, NoCase):
        assert case.wrong.reason
        return
    mark = await bench.sandbox.atlassian.mark()
    text = await under_test(bench, case).failed(case.tool, **case.wrong.given)
    assert case.wrong.says in text
    assert await bench.requests(mark) == []


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
@scoped_case
async def test_without_any_one_of_its_scopes_it_is_refused_with_the_way_to_reconnect(
    bench: Bench, things: Things, case: Case
) -> None:
    tool = TOOLS[case.tool]
    given = await things.fill(case.works)
    for scope in tool.scopes:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted(*(tool.scopes - {scope})).failed(case.tool, **given)
        assert scope in text
        assert "/tools" in text
        assert await bench.requests(mark) == []


@pytest.fixture
async def egress(sandbox: Sandbox) -> AsyncIterator[Egress]:
    made = Egress(allowed_origins=[sandbox.atlassian.base])
    yield made
    await made.close()


@pytest.mark.parametrize("deployment", ["cloud"], indirect=True)
@scoped_case
async def test_the_scopes_it_declares_are_all_that_the_gateway_asks_for(
    bench: Bench, things: Things, egress: Egress, sandbox: Sandbox, case: Case
) -> None:
    tool = TOOLS[case.tool]
    given, says = await things.fill(case.works), await things.fill(case.says)
    scopes = tool.scopes | tool.optional_scopes
    credentials = await gateway_credentials(sandbox, scopes)
    through = Bench(sandbox, credentials, egress, is_cloud=True, base="/ex/[a-z]+/[^/]+")
    assert re.search(says, await through.ok(case.tool, **given), re.MULTILINE)
