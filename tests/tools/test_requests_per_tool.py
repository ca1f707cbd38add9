"""How many requests to Atlassian the plainest call of each tool costs; the page in docs is measured.

`--update-golden` writes `docs/reference/requests.md` anew.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.generated.rounds import Rounds
from tests.support.generated.upstream import Upstream
from tests.tools.plain_calls import plain_calls
from xerus.tools.catalogue import ALL

_PAGE = Path(__file__).parents[2] / "docs/reference/requests.md"
_ENOUGH = 2
_HEAD = """\
# Requests per tool

Measured by `tests/tools/test_requests_per_tool.py`: the plainest successful call of each tool, in a
process that has called the site before. Each request is one call of Atlassian's REST API. A tool
that changes something reads the result back, so that its answer says what is there and not what was
sent. What costs more than two says why; larger calls, such as a page of many threads, can cost more.

| tool | Cloud | Data Center | why more than two |
| --- | --- | --- | --- |
"""
_LOOKED_UP = "a look before, so that the answer tells old and new; read back"
_WHY = {
    "confluence_copy_page": "the page to copy; read back",
    "confluence_create_blogpost": "the id of the space; read back",
    "confluence_create_folder": "the id of the space; read back",
    "confluence_create_page": "the id of the space; read back",
    "confluence_delete_attachment": "the id by the name; read back",
    "confluence_delete_page": "the page, its children, which would go along; read back",
    "confluence_edit_comment": _LOOKED_UP,
    "confluence_get_comments": "below the page, on its text, and the replies of each thread on text",
    "confluence_label": _LOOKED_UP,
    "confluence_move_page": "the page and the target, whose space is checked; read back",
    "confluence_restore": "the page and the old version; read back",
    "confluence_tick_task": _LOOKED_UP,
    "confluence_update_page": _LOOKED_UP,
    "confluence_watch": _LOOKED_UP,
    "jira_assign_issue": "old assignee, who `me` is; read back",
    "jira_clone_issue": "the issue, the fields of its type, the link to the original; read back",
    "jira_create_issues": "the ids of the issue types; read back in one request for all",
    "jira_delete_attachment": "the id by the name; read back",
    "jira_link": "the direction of the link type; read back",
    "jira_manage_version": "the id of the project; read back",
    "jira_move_issue": "the issue, the types of the target, the task that moves; read back",
    "jira_move_to_sprint": "the id of the sprint field, old sprints; read back",
    "jira_rank": _LOOKED_UP,
    "jira_transition_issue": "old status, the transitions that are possible; read back",
    "jira_update_issue": _LOOKED_UP,
    "jira_watch": "old watchers, who `me` is; read back",
}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    running = Upstream(tmp_path_factory.mktemp("upstream"))
    yield running
    running.close()


async def _counts(upstream: Upstream, *, is_cloud: bool) -> dict[str, int]:
    rounds = Rounds(upstream, is_cloud=is_cloud, is_held=False)
    await rounds.requests("search", {"query": "release"})  # it learns what the site is
    upstream.reset()
    writing = {tool.name for tool in ALL if tool.writes}
    counts = {}
    for name, arguments in plain_calls(upstream.world, is_cloud=is_cloud).items():
        counts[name] = len(await rounds.requests(name.partition(",")[0], arguments))
        if name in writing:
            upstream.reset()
    return counts


@pytest.fixture(scope="module")
async def counts(upstream: Upstream) -> tuple[dict[str, int], dict[str, int]]:
    """On Cloud and on Data Center."""
    cloud = await _counts(upstream, is_cloud=True)
    return cloud, await _counts(upstream, is_cloud=False)


def test_the_table_of_requests_per_tool_is_what_is_measured(
    counts: tuple[dict[str, int], dict[str, int]], request: pytest.FixtureRequest
) -> None:
    cloud, data_center = counts
    assert {name.partition(",")[0] for name in cloud} == {tool.name for tool in ALL}
    rows = []
    order = [tool.name for tool in ALL]
    for name, count in sorted(cloud.items(), key=lambda one: order.index(one[0].split(",")[0])):
        there = data_center.get(name)
        rows.append(
            f"| {name} | {count} | {'none: refused' if there is None else there} | {_WHY.get(name, '')} |\n"
        )
    costly = {name for name in cloud if max(cloud[name], data_center.get(name, 0)) > _ENOUGH}
    assert costly == _WHY.keys()
    page = _HEAD + "".join(rows)
    if request.config.getoption("--update-golden"):
        _PAGE.write_text(page)
    assert _PAGE.read_text() == page


def test_one_request_suffices_for_an_issue_and_for_a_page(
    counts: tuple[dict[str, int], dict[str, int]],
) -> None:
    for there in counts:
        assert there["jira_get_issue, with comments and transitions"] == 1
        assert there["confluence_get_page"] == 1
        assert there["confluence_get_page, by title"] <= 2
