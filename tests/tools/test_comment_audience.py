"""Comments that not everybody may read: for a role or group, or hidden from customers."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench
from tests.tools.test_jira_comments import commented
from tests.tools.test_jira_edits import created

READS: list[tuple[str, dict[str, Any]]] = [
    ("jira_get_comments", {}),
    ("jira_get_issue", {"comment_limit": 5}),
]
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("jira_edit_comment", {"body": "x"}),
    ("jira_delete_comment", {}),
]


async def added(bench: Bench, key: str, **arguments: Any) -> str:
    """Add a comment and return its id."""
    text = await bench.ok("jira_add_comment", issue_key=key, **arguments)
    found = re.search(r"focusedCommentId=(\d+)", text)
    assert found, text
    return found[1]


async def desk_issue(bench: Bench) -> str:
    """Return the key of an issue in the service project."""
    found = await bench.json("jira_search", jql="project = HR ORDER BY key", limit=1)
    return str(found["issues"][0]["key"])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("administrators", "role Administrators"),
        ("role:Administrators", "role Administrators"),
        ("site-admins", "group site-admins"),
        ("group:site-admins", "group site-admins"),
    ],
)
async def test_a_comment_is_for_a_role_or_group_by_its_name(
    bench: Bench, grace: Bench, given: str, shown: str
) -> None:
    key = await created(bench)
    text = await bench.ok("jira_add_comment", issue_key=key, body="For few", visibility=given)
    assert f"only for {shown}" in text
    found = await bench.json("jira_get_comments", issue_key=key)
    assert [one["readers"] for one in found["comments"]] == [shown]
    assert f"only for {shown}" in await bench.ok("jira_get_issue", issue_key=key, comment_limit=5)
    for tool, more in READS:
        assert "For few" not in await grace.ok(tool, issue_key=key, **more)
    number = found["comments"][0]["id"]
    for tool, more in CHANGES:
        assert "may not see it" in await grace.failed(
            tool, issue_key=key, comment_id=number, **more
        )


async def test_what_no_role_or_group_is_called_is_answered_with_the_choices(bench: Bench) -> None:
    key = await created(bench)
    at = {"issue_key": key, "body": "x"}
    text = await bench.failed("jira_add_comment", **at, visibility="admin")
    assert "There is no role or group 'admin'." in text
    assert "role:Administrators; role:Developers; role:Viewers; group:jira-administrators" in text
    assert "0 comments" in await bench.ok("jira_get_comments", issue_key=key)


async def test_a_role_that_one_lacks_is_refused_by_jira(grace: Bench) -> None:
    key = await created(grace)
    at = {"issue_key": key, "body": "x", "visibility": "Developers"}
    assert "not a member of the role" in await grace.failed("jira_add_comment", **at)


async def test_an_edit_keeps_who_reads_a_comment_unless_told_otherwise(
    bench: Bench, grace: Bench
) -> None:
    key = await created(bench)
    at = {
        "issue_key": key,
        "comment_id": await added(bench, key, body="A", visibility="site-admins"),
    }
    text = await bench.ok("jira_edit_comment", **at, body="B")
    assert text.count("only for group site-admins") == 2
    assert "0 comments" in await grace.ok("jira_get_comments", issue_key=key)
    text = await bench.ok("jira_edit_comment", **at, body="B", visibility="Developers")
    assert text.startswith("Comment edited")
    assert "only for role Developers" in text
    await bench.ok("jira_edit_comment", **at, body="C", visibility="everyone")
    assert "C" in await grace.ok("jira_get_comments", issue_key=key)
    assert "only for" not in await bench.ok("jira_get_comments", issue_key=key)


async def test_an_internal_comment_is_hidden_from_customers_and_shown_as_that(
    bench: Bench,
) -> None:
    key = await desk_issue(bench)
    text = await bench.ok("jira_add_comment", issue_key=key, body="Not for them", internal=True)
    assert re.search(rf'source="jira {key} internal comment \d+"', text)
    assert "Not as asked for" not in text
    [newest, *_] = (await bench.json("jira_get_comments", issue_key=key))["comments"]
    assert newest["internal"] is True
    requests = await bench.json("jsm_requests", request_key=key, limit=100)
    public = {one["id"]: one["public"] for one in requests["comments"]}
    assert public[newest["id"]] is False
    at = {"issue_key": key, "comment_id": newest["id"]}
    assert "internal comment" in await bench.ok("jira_edit_comment", **at, body="Still not")
    text = await bench.ok("jira_edit_comment", **at, body="Still not", internal=False)
    assert text.startswith("Comment edited")
    [newest, *_] = (await bench.json("jira_get_comments", issue_key=key))["comments"]
    assert "internal" not in newest


async def test_a_comment_is_not_internal_where_there_are_no_customers(bench: Bench) -> None:
    key = await created(bench)
    at: dict[str, Any] = {"issue_key": key, "internal": True}
    text = await bench.failed("jira_add_comment", **at, body="x")
    assert "ENG is no service project" in text
    assert "0 comments" in await bench.ok("jira_get_comments", issue_key=key)
    number = await commented(bench, key, "A")
    text = await bench.failed("jira_edit_comment", **at, comment_id=number, body="B")
    assert "ENG is no service project" in text


async def test_a_restricted_comment_is_not_found_by_its_words(bench: Bench, grace: Bench) -> None:
    key = await created(bench)
    await added(bench, key, body="zebrafish", visibility="Administrators")
    jql = f'key = {key} AND comment ~ "zebrafish"'
    assert key in await bench.ok("jira_search", jql=jql)
    assert "No issue matches" in await grace.ok("jira_search", jql=jql)


@pytest.mark.parametrize("deployment", ["cloud"])
async def test_groups_need_a_scope_of_their_own(bench: Bench) -> None:
    granted = bench.granted("read:jira-work", "write:jira-work")
    at = {"issue_key": "ENG-1", "body": "x", "visibility": "site-admins"}
    assert "read:jira-user" in await granted.failed("jira_add_comment", **at)
