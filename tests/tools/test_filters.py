"""The operator's filters: what is outside is never shown and never changed."""

from collections.abc import AsyncIterator

import pytest

from tests.support.stack import Sandbox
from tests.tools.bench import Bench, cloud_credentials, data_center_credentials, settle
from xerus.egress.client import Egress
from xerus.settings.toolsets import ALL
from xerus.tools.policy import Policy

HELD = Policy(choices=ALL, projects=frozenset({"ENG"}), spaces=frozenset({"DOCS"}))
OUTSIDE = "outside the"


@pytest.fixture(params=["cloud", "data_center"])
async def pair(
    sandbox: Sandbox, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Bench, Bench]]:
    """One bench held to ENG and DOCS, one that is free."""
    is_cloud = request.param == "cloud"
    make = cloud_credentials if is_cloud else data_center_credentials
    egress = Egress(allowed_origins=[sandbox.atlassian.base])
    credentials = make(sandbox, egress, await sandbox.credentials(), "ada@example.com")
    await settle(credentials)
    held = Bench(sandbox, credentials, egress, is_cloud=is_cloud, policy=HELD)
    yield held, Bench(sandbox, credentials, egress, is_cloud=is_cloud)
    await egress.close()


@pytest.mark.parametrize(
    "jql",
    [
        "project = HR",
        "project = ENG OR project = HR",
        "project in (HR, OPS) ORDER BY key",
        'text ~ "x" OR key = HR-1',
    ],
)
async def test_no_jql_reaches_another_project(pair: tuple[Bench, Bench], jql: str) -> None:
    text = (await pair[0].run("jira_search", jql=jql)).text
    assert "|HR-" not in text
    assert "|OPS-" not in text


@pytest.mark.parametrize(
    "jql",
    [
        "project = ENG) OR (project = HR",
        'summary ~ \\" ) OR (project = HR) OR summary ~ \\"',
        'project = "ENG',
        "project = ENG ORDER BY key) OR (project = HR",
    ],
)
async def test_jql_that_would_break_out_is_refused_unsent(
    pair: tuple[Bench, Bench], jql: str
) -> None:
    await pair[0].run("jira_search", jql="key = ENG-1")
    mark = await pair[0].sandbox.atlassian.mark()
    assert "do not match" in await pair[0].failed("jira_search", jql=jql)
    assert await pair[0].requests(mark) == []


def _without_cursor(text: str) -> list[str]:
    """The first line says what is counted, the last one how to go on: both name the query."""
    return [line for line in text.splitlines()[1:] if not line.startswith("More: ")]


async def test_what_is_inside_works_as_without_a_filter(pair: tuple[Bench, Bench]) -> None:
    held, free = pair
    for tool, arguments in (
        ("jira_get_issue", {"issue_key": "ENG-1"}),
        ("jira_search", {"jql": "project = ENG AND issuetype = Bug ORDER BY key", "limit": 5}),
        ("jira_get_transitions", {"issue_key": "ENG-2"}),
        ("confluence_search", {"query": 'title = "Release process"'}),
        ("confluence_get_page", {"title": "Release process", "space_key": "DOCS"}),
    ):
        mine, theirs = await held.ok(tool, **arguments), await free.ok(tool, **arguments)
        assert _without_cursor(mine) == _without_cursor(theirs)


async def test_an_issue_outside_is_neither_read_nor_changed(pair: tuple[Bench, Bench]) -> None:
    held, free = pair
    before = await free.ok("jira_get_issue", issue_key="HR-1")
    for tool, arguments in (
        ("jira_get_issue", {}),
        ("jira_get_transitions", {}),
        ("jira_add_comment", {"body": "never"}),
        ("jira_transition_issue", {"transition": "Done"}),
        ("fetch", {"id": "HR-1"}),
    ):
        key = {} if tool == "fetch" else {"issue_key": "HR-1"}
        assert OUTSIDE in await held.failed(tool, **arguments, **key)
    text = await held.failed("jira_create_issue", project_key="HR", issue_type="Task", summary="x")
    assert OUTSIDE in text
    assert await free.ok("jira_get_issue", issue_key="HR-1") == before


async def test_a_page_outside_is_neither_found_nor_read(pair: tuple[Bench, Bench]) -> None:
    held, free = pair
    found = await free.json("confluence_search", query="space = HR and type = page", limit=1)
    page_id, title = found["hits"][0]["id"], found["hits"][0]["title"]
    assert OUTSIDE in await held.failed("confluence_get_page", page_id=page_id)
    none = await held.ok("confluence_search", query=f'title = "{title}" or space = HR')
    assert none.startswith("Nothing matches")
    by_title = await held.failed("confluence_get_page", title=title, space_key="HR")
    assert OUTSIDE in by_title or "may not see it" in by_title
    made = await held.failed("confluence_create_page", space_key="HR", title="n", content="n")
    assert OUTSIDE in made or "may not see it" in made
    assert OUTSIDE in await held.failed("fetch", id=page_id)


async def test_lists_of_projects_hold_only_those_inside(pair: tuple[Bench, Bench]) -> None:
    text = await pair[0].ok("jira_get_projects")
    assert "|ENG|" in text
    assert "|HR|" not in text
    assert OUTSIDE in await pair[0].failed("jira_get_project", project_key="HR")


async def test_one_search_over_both_products_is_held_too(pair: tuple[Bench, Bench]) -> None:
    found = await pair[0].json("search", query="release", limit=50)
    assert {row["place"] for row in found["results"]} <= {"ENG", "DOCS"}
