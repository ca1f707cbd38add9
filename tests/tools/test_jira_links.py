"""Links between issues, to web pages, and to the epic above."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench

_CALLS: dict[str, dict[str, Any]] = {
    "jira_get_links": {"issue_key": "ENG-1"},
    "jira_link": {"issue_key": "ENG-1", "to": "ENG-2", "kind": "blocks"},
    "jira_delete_link": {"link_id": "1"},
}


async def new_issue(bench: Bench, summary: str, issue_type: str = "Task") -> str:
    text = await bench.ok(
        "jira_create_issue", project_key="ENG", issue_type=issue_type, summary=summary
    )
    (key,) = re.findall(r"^Created\. (ENG-\d+):", text)
    return str(key)


async def links_of(bench: Bench, issue_key: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await bench.json("jira_get_links", issue_key=issue_key))["links"]
    return found


@pytest.mark.parametrize("tool", _CALLS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:me").failed(tool, **_CALLS[tool])
        assert re.search(r"not granted: \S*(read|write):jira-work", text)
        assert await bench.requests(mark) == []


@pytest.mark.parametrize(
    ("kind", "seen_from_other"),
    [("Blocks", "is blocked by"), ("is blocked by", "blocks"), ("relates to", "relates to")],
)
async def test_an_issue_link_reads_the_same_way_from_both_ends(
    bench: Bench, kind: str, seen_from_other: str
) -> None:
    near, far = await new_issue(bench, "Near"), await new_issue(bench, "Far")
    text = await bench.ok("jira_link", issue_key=near, to=far.lower(), kind=kind)
    assert text.startswith("Linked. http")
    assert f"kind: {kind.lower()}\nto: {far}" in text
    assert "title: Far" in text
    (link,) = await links_of(bench, far)
    assert (link["kind"], link["to"], link["title"]) == (seen_from_other, near, "Near")
    text = await bench.ok("jira_delete_link", link_id=link["id"], issue_key=near)
    assert re.match(r"Deleted\. To restore: jira_link from ENG-", text)
    assert await bench.ok("jira_get_links", issue_key=near) == "No link found."


async def test_what_an_answer_tells_restores_a_deleted_link(bench: Bench) -> None:
    near, far = await new_issue(bench, "Near"), await new_issue(bench, "Far")
    await bench.ok("jira_link", issue_key=near, to=far, kind="is blocked by")
    (before,) = await links_of(bench, near)
    text = await bench.ok("jira_delete_link", link_id=before["id"])
    (here, there) = re.findall(r"jira_link from (\S+) to (\S+) ", text)[0]
    (kind,) = re.findall(r"^kind: (.*)$", text, re.MULTILINE)
    await bench.ok("jira_link", issue_key=here, to=there, kind=kind)
    (after,) = await links_of(bench, near)
    assert after | {"id": ""} == before | {"id": ""}


async def test_a_web_link_is_added_listed_and_removed(bench: Bench) -> None:
    key = await new_issue(bench, "With a page")
    url = "https://example.com/run?id=7&x=%20"
    text = await bench.ok("jira_link", issue_key=key, to=url, title="The run </untrusted>")
    assert f"to: {url}" in text
    assert text.count("</untrusted>") == 1
    (link,) = await links_of(bench, key)
    assert (link["kind"], link["to"]) == ("web page", url)
    assert "Needed" not in link["title"]
    assert "issue_key" in await bench.failed("jira_delete_link", link_id=link["id"])
    text = await bench.ok("jira_delete_link", link_id=link["id"], issue_key=key)
    assert text.startswith("Deleted. To restore: jira_link")
    assert url in text
    assert await links_of(bench, key) == []


async def test_an_issue_is_put_into_an_epic_and_out_of_it(bench: Bench) -> None:
    key, epic = await new_issue(bench, "Below"), await new_issue(bench, "Above", "Epic")
    text = await bench.ok("jira_link", issue_key=key, to=epic, kind="parent")
    assert f"parent: (none) -> {epic}" in text
    text = await bench.ok("jira_link", issue_key=key, to="none", kind="epic")
    assert f"parent: {epic} -> (none)" in text
    failed = await bench.failed("jira_link", issue_key=key, to="ENG-99999", kind="epic")
    assert "Jira" in failed


async def test_parent_and_subtasks_are_listed(bench: Bench) -> None:
    found = await bench.json("jira_search", jql="project = ENG AND issuetype = Sub-task", limit=1)
    subtask = found["issues"][0]["key"]
    (parent,) = [one["to"] for one in await links_of(bench, subtask) if one["kind"] == "parent"]
    assert subtask in [one["to"] for one in await links_of(bench, parent)]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("jira_get_links", {"issue_key": "ENG-99999"}, "may not see it"),
        ("jira_link", {"issue_key": "ENG-1", "to": "ENG-2"}, "is blocked by"),
        ("jira_link", {"issue_key": "ENG-1", "to": "ENG-2", "kind": "eats"}, "is blocked by"),
        ("jira_link", {"issue_key": "ENG-1", "to": "ENG-1", "kind": "blocks"}, "itself"),
        ("jira_link", {"issue_key": "ENG-1", "to": "ENG-99999", "kind": "blocks"}, "may not see"),
        ("jira_link", {"issue_key": "ENG-1", "to": "../../x"}, "neither an issue key"),
        ("jira_link", {"issue_key": "ENG-1", "to": "javascript://x"}, "no address"),
        ("jira_link", {"issue_key": "ENG-99999", "to": "https://e.org"}, "may not see it"),
        ("jira_delete_link", {"link_id": "99999999"}, "may not see it"),
        ("jira_delete_link", {"link_id": "web-9", "issue_key": "ENG-1"}, "may not see it"),
        ("jira_delete_link", {"link_id": "x/../1"}, "link_id"),
    ],
)
async def test_what_cannot_be_linked_is_a_clear_answer(
    bench: Bench, tool: str, arguments: dict[str, str], expected: str
) -> None:
    assert expected in await bench.failed(tool, **arguments)


async def test_an_invisible_issue_reads_as_missing(grace: Bench, bench: Bench) -> None:
    assert "may not see it" in await grace.failed("jira_get_links", issue_key="HR-1")
    text = await grace.failed("jira_link", issue_key="ENG-1", to="HR-1", kind="blocks")
    assert "may not see it" in text
    await bench.ok("jira_link", issue_key="ENG-3", to="HR-1", kind="blocks")
    assert "HR-1" not in await grace.ok("jira_get_links", issue_key="ENG-3")
    (link,) = [one for one in await links_of(bench, "ENG-3") if one["to"] == "HR-1"]
    assert "may not see it" in await grace.failed("jira_delete_link", link_id=link["id"])
    await bench.ok("jira_delete_link", link_id=link["id"])


async def test_a_link_of_another_issue_is_not_deleted(bench: Bench) -> None:
    near, far = await new_issue(bench, "Near"), await new_issue(bench, "Far")
    await bench.ok("jira_link", issue_key=near, to=far, kind="blocks")
    (link,) = await links_of(bench, near)
    text = await bench.failed("jira_delete_link", link_id=link["id"], issue_key="ENG-1")
    assert f"between {near} and {far}" in text
    assert await links_of(bench, near) == [link]
