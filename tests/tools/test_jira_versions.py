"""Versions of projects."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench


async def manage(bench: Bench, action: str, version: str, **facts: Any) -> str:
    return await bench.ok(
        "jira_manage_version", action=action, project_key="ENG", version=version, **facts
    )


async def test_versions_are_listed_newest_first(bench: Bench) -> None:
    text = await bench.ok("jira_versions", project_key="OPS")
    assert text.startswith("2 versions, no more.")
    assert text.index("|Q4|") < text.index("|Q3|yes|")
    assert "Q4" not in await bench.ok("jira_versions", project_key="OPS", status="released")
    assert "Q3" not in await bench.ok("jira_versions", project_key="OPS", status="unreleased")
    assert await bench.ok("jira_versions", project_key="OPS", query="x") == "No version found."


async def test_pages_of_versions_follow_each_other(bench: Bench) -> None:
    first = await bench.json("jira_versions", project_key="OPS", limit=1)
    second = await bench.json("jira_versions", project_key="OPS", limit=1, cursor=first["cursor"])
    names = [version["name"] for page in (first, second) for version in page["versions"]]
    assert names == ["Q4", "Q3"]
    assert (second["cursor"], second["total"]) == (None, 2)


async def test_a_version_is_created_released_and_archived(bench: Bench) -> None:
    text = await manage(bench, "create", "2027.01", description="New shop", start_date="2026-12-01")
    (number,) = re.findall(
        r"^Created\. Version (\d+): \S+/projects/ENG/versions/\1$", text, re.MULTILINE
    )
    assert "startDate: 2026-12-01" in text
    text = await manage(bench, "release", "2027.01", release_date="2027-01-15")
    assert text.startswith("Changed.")
    assert "released: none -> yes" in text
    assert "releaseDate: none -> 2027-01-15" in text
    assert "description: New shop" in text
    assert "archived: none -> yes" in await manage(bench, "archive", number)
    assert "archived: yes -> none" in await manage(bench, "unarchive", number)
    assert "released: yes -> none" in await manage(bench, "unrelease", number)
    assert "description: New shop -> Old" in await manage(
        bench, "update", number, description="Old"
    )
    assert "|2027.01|" in await bench.ok("jira_versions", project_key="ENG", status="unreleased")


async def test_issues_take_a_new_version(bench: Bench) -> None:
    await manage(bench, "create", "2027.02")
    text = await bench.ok(
        "jira_create_issue",
        project_key="ENG",
        issue_type="Task",
        summary="In the new one",
        additional_fields={"fixVersions": [{"name": "2027.02"}]},
    )
    assert "fixVersions: 2027.02" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "release", "version": "nope"}, "2026.12"),
        ({"action": "create", "version": "2026.12"}, "already exists"),
        ({"action": "update", "version": "2026.12"}, "nothing to change"),
        ({"action": "create", "version": "x", "release_date": "soon"}, "release_date"),
        ({"action": "create", "version": "x", "release_date": "2026-02-31"}, "releaseDate"),
        ({"action": "delete", "version": "2026.12"}, "action"),
        ({"action": "release", "version": "1", "project_key": "NOSUCH"}, "may not see it"),
    ],
)
async def test_a_version_that_cannot_change_is_a_clear_answer(
    bench: Bench, arguments: dict[str, str], expected: str
) -> None:
    text = await bench.failed("jira_manage_version", **{"project_key": "ENG", **arguments})
    assert expected in text


async def test_only_who_administers_a_project_changes_its_versions(grace: Bench) -> None:
    text = await grace.failed(
        "jira_manage_version", action="release", project_key="ENG", version="2026.12"
    )
    assert "do not have permission" in text
    assert "2026.12" in await grace.ok("jira_versions", project_key="ENG", status="unreleased")
    for tool, arguments in {
        "jira_versions": {},
        "jira_manage_version": {"action": "create", "version": "x"},
    }.items():
        assert "may not see it" in await grace.failed(tool, project_key="HR", **arguments)


async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(bench: Bench) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        limited = bench.granted("read:jira-work")
        text = await limited.failed(
            "jira_manage_version", action="create", project_key="ENG", version="x"
        )
        assert "manage:jira-project" in text
        text = await bench.granted().failed("jira_versions", project_key="ENG")
        assert "read:jira-work" in text
        assert await bench.requests(mark) == []
