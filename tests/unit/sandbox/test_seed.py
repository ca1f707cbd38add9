"""The seed data: its size, its sameness, its formats, its saved form."""

import orjson
import pytest

from xerus_sandbox.accounts import GRACE
from xerus_sandbox.products.documents import adf, from_adf, from_storage, storage
from xerus_sandbox.products.seed.words import INJECTION
from xerus_sandbox.products.world import World

BASE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def world() -> World:
    return World.seed(BASE)


def test_seed_is_the_same_each_time(world: World) -> None:
    assert orjson.dumps(World.seed(BASE).to_json()) == orjson.dumps(world.to_json())


def test_saved_world_reads_back_whole(world: World) -> None:
    saved = orjson.dumps(world.to_json())
    assert orjson.dumps(World.from_json(orjson.loads(saved)).to_json()) == saved


def test_acme_has_the_promised_amounts(world: World) -> None:
    issues = list(world.jira["acme"].issues.values())
    open_bugs = [i for i in issues if (i.project, i.type) == ("ENG", "Bug") and i.status != "Done"]
    assert set(world.jira["acme"].projects) == {"ENG", "OPS", "HR"}
    assert len(issues) >= 300
    assert len(open_bugs) >= 20
    assert sum(len(issue.comments) for issue in issues) >= 200
    assert any(issue.links for issue in issues)
    assert {sprint.state for sprint in world.jira["acme"].sprints.values()} == {
        "closed",
        "active",
        "future",
    }


def test_confluence_has_the_promised_amounts(world: World) -> None:
    data = world.confluence["acme"]
    assert [space.key for space in data.spaces.values()] == ["DOCS", "TEAM", "HR"]
    assert len(data.pages) >= 80
    bodies = "".join(page.current.body for page in data.pages.values())
    for macro in ("info", "toc", "code", "status", "expand", "jira"):
        assert f'ac:name="{macro}"' in bodies
    for tag in ("<table>", "<ac:layout>", "<ac:task-list>", "<ac:image"):
        assert tag in bodies


def test_labs_has_projects_of_its_own_and_no_confluence(world: World) -> None:
    assert set(world.jira["labs"].projects) == {"LAB"}
    assert len(world.jira["labs"].issues) >= 20
    assert "labs" not in world.confluence


def test_grace_may_not_see_hr(world: World) -> None:
    for data in (world.jira["acme"], world.jira["dc-jira"]):
        assert "HR" not in data.visible(GRACE.account_id)


def test_every_parent_exists_and_is_of_a_higher_level(world: World) -> None:
    for data in world.jira.values():
        for issue in data.issues.values():
            if issue.parent:
                assert data.issues[issue.parent].type in {
                    "Epic",
                    "Task",
                    "Story",
                    "Bug",
                    "Incident",
                }


def test_hostile_text_is_planted(world: World) -> None:
    assert INJECTION in adf.plain_text(world.jira["acme"].issues["ENG-42"].description)
    assert any(INJECTION in page.current.body for page in world.confluence["acme"].pages.values())


def test_all_seeded_documents_are_valid_in_both_formats(world: World) -> None:
    for issue in world.jira["acme"].issues.values():
        adf.check(issue.description)
    for page in world.confluence["acme"].pages.values():
        document = from_storage.to_adf(page.current.body)
        adf.check(document)
        storage.parse(from_adf.to_storage(document))
        assert from_storage.to_view(page.current.body)
