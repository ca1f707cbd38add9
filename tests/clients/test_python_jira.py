"""`jira`, the most used Python client of Jira, does its everyday calls against the sandbox.

Nobody here wrote that client: what it takes for granted about Jira, the sandbox has to hold. On
Cloud it speaks version 2 of the API unless told otherwise, so both versions are spoken to.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from jira import JIRA, JIRAError

from tests.support.stack import Sandbox

ADA = "ada@example.com"


@dataclass
class Client:
    """The client, and what differs between the deployments."""

    jira: Any  # half of its methods have no types
    is_cloud: bool
    has_documents: bool

    def text(self, words: str) -> Any:
        if not self.has_documents:
            return words
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words}]}
        return {"type": "doc", "version": 1, "content": [paragraph]}

    def words(self, value: Any) -> str:
        """Return the words of a text as the client hands it out."""
        return str(value.content[0].content[0].text if self.has_documents else value)

    def created(self, **fields: Any) -> Any:
        facts: dict[str, Any] = {"summary": "By jira", "issuetype": {"name": "Task"}, **fields}
        return self.jira.create_issue(project="ENG", **facts)


@pytest.fixture(scope="module")
async def known(sandbox: Sandbox) -> dict[str, Any]:
    return await sandbox.credentials()


@pytest.fixture(scope="module", params=["cloud version 3", "cloud version 2", "data center"])
def client(
    sandbox: Sandbox, known: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Client]:
    base, version = sandbox.atlassian.base, str(request.param)[-1]
    if request.param == "data center":
        jira: Any = JIRA(f"{base}/dc/jira", token_auth=known["pats"][ADA], max_retries=0)
    else:
        basic = (ADA, known["api_tokens"][ADA])
        options: dict[str, Any] = {"rest_api_version": version}
        jira = JIRA(f"{base}/site/acme", options, basic_auth=basic, max_retries=0)
    is_cloud = request.param != "data center"
    yield Client(jira, is_cloud=is_cloud, has_documents=version == "3")
    jira.close()


def refused(error: pytest.ExceptionInfo[JIRAError]) -> int:
    return int(error.value.status_code or 0)


def test_it_finds_out_who_and_where_it_is(client: Client) -> None:
    jira = client.jira
    assert jira.server_info()["deploymentType"] == ("Cloud" if client.is_cloud else "Server")
    assert jira.myself()["displayName"] == "Ada Lovelace"
    assert {one.key for one in jira.projects()} == {"ENG", "HR", "OPS"}
    project = jira.project("ENG")
    assert project.name == "Engineering"
    assert project.lead.displayName == "Ada Lovelace"
    names = {one.name for one in jira.project_components("ENG")}
    assert names == {one.name for one in project.components}
    assert {one.name for one in jira.project_versions("ENG")} >= {"2026.10", "2026.11"}


def test_it_reads_what_the_instance_consists_of(client: Client) -> None:
    jira = client.jira
    assert {one["id"] for one in jira.fields()} >= {"summary", "description", "priority"}
    for one in (jira.statuses()[0], jira.priorities()[0], jira.resolutions()[0]):
        assert type(one).__name__.lower() in one.self
    assert jira.status(jira.statuses()[0].id).name == "To Do"
    assert jira.priority(jira.priorities()[0].id).name == jira.priorities()[0].name
    assert jira.resolution(jira.resolutions()[0].id).name == jira.resolutions()[0].name
    kind = jira.issue_types()[0]
    assert jira.issue_type(kind.id).name == kind.name
    assert {one.name for one in jira.issue_types_for_project("ENG")} >= {"Task", "Bug"}
    assert {one.name for one in jira.issue_link_types()} >= {"Blocks", "Relates"}
    roles = jira.project_roles("ENG")
    role = jira.project_role("ENG", roles["Administrators"]["id"])
    assert [one.displayName for one in role.actors] == ["Ada Lovelace"]
    assert "jira-software-users" in jira.groups()


def test_it_learns_what_can_be_created(client: Client) -> None:
    if client.is_cloud:
        found = client.jira.createmeta("ENG", expand="projects.issuetypes.fields")
        [project] = found["projects"]
        kinds = {one["name"]: one["fields"] for one in project["issuetypes"]}
        assert kinds["Task"]["summary"]["required"] is True
        return
    kinds_there = client.jira.project_issue_types("ENG")
    [task] = [one for one in kinds_there if one.name == "Task"]
    fields = {one.fieldId: one for one in client.jira.project_issue_fields("ENG", task.id)}
    assert fields["summary"].required is True


def test_it_searches_by_the_page_and_for_all(client: Client) -> None:
    jira = client.jira
    few = jira.search_issues("project = ENG ORDER BY key", maxResults=5)
    assert [one.key for one in few] == ["ENG-1", "ENG-2", "ENG-3", "ENG-4", "ENG-5"]
    every = jira.search_issues("project = ENG", maxResults=False, fields="summary")
    by_post = jira.search_issues("project = ENG", maxResults=3, use_post=True)
    assert len(by_post) == 3
    if client.is_cloud:
        assert jira.approximate_issue_count("project = ENG") == len(every)
    else:
        assert few.total == len(every)
    with pytest.raises(JIRAError, match="Field 'nope' does not exist") as error:
        jira.search_issues("nope = 1")
    assert refused(error) == 400


def test_the_search_that_cloud_removed_is_gone(client: Client) -> None:
    """CHANGE-2046: 410, and Data Center goes on."""
    path = client.jira._get_url("search")
    if not client.is_cloud:
        assert client.jira._session.get(path).status_code == 200
        return
    with pytest.raises(JIRAError) as error:
        client.jira._session.get(path)
    assert refused(error) == 410


def test_it_creates_updates_and_deletes_issues(client: Client) -> None:
    jira = client.jira
    issue = client.created(description=client.text("hello"), labels=["foreign"])
    assert client.words(jira.issue(issue.key).fields.description) == "hello"
    issue.update(summary="Renamed", description=client.text("other"))
    assert issue.fields.summary == "Renamed"
    assert client.words(issue.fields.description) == "other"
    issue.update(update={"labels": [{"add": "more"}]})
    issue.add_field_value("labels", "still-more")
    assert set(jira.issue(issue.key).fields.labels) == {"foreign", "more", "still-more"}
    assert "summary" in jira.editmeta(issue.key)["fields"]
    below = client.created(issuetype={"name": "Sub-task"}, parent={"key": issue.key})
    with pytest.raises(JIRAError, match="has subtasks") as error:
        issue.delete()
    assert refused(error) == 400
    issue.delete(deleteSubtasks=True)
    for key in (issue.key, below.key):
        with pytest.raises(JIRAError, match="does not exist or you do not have") as error:
            jira.issue(key)
        assert refused(error) == 404


def test_it_creates_many_at_once(client: Client) -> None:
    facts = {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}}
    made = client.jira.create_issues([{**facts, "summary": f"Number {n}"} for n in range(3)])
    assert [one["status"] for one in made] == ["Success"] * 3


def test_it_moves_issues_through_the_workflow(client: Client) -> None:
    jira, issue = client.jira, client.created()
    assert "Start progress" in {one["name"] for one in jira.transitions(issue)}
    jira.transition_issue(issue, "Start progress")
    assert jira.issue(issue.key).fields.status.name == "In Progress"
    jira.transition_issue(issue, "41", fields={"resolution": {"name": "Done"}})
    assert jira.issue(issue.key).fields.resolution.name == "Done"


def test_it_assigns_by_name(client: Client) -> None:
    jira, issue = client.jira, client.created()
    jira.assign_issue(issue, "grace@example.com")
    assert jira.issue(issue.key).fields.assignee.displayName == "Grace Hopper"
    jira.assign_issue(issue, None)
    assert jira.issue(issue.key).fields.assignee is None


def test_it_comments(client: Client) -> None:
    jira, issue = client.jira, client.created()
    comment = jira.add_comment(issue, client.text("first"))
    comment.update(body=client.text("second"))
    assert client.words(jira.comment(issue, comment.id).body) == "second"
    role = {"type": "role", "value": "Administrators"}
    hidden = jira.add_comment(issue, client.text("few"), visibility=role)
    assert hidden.visibility.value == "Administrators"
    internal = jira.add_comment(issue, client.text("not for customers"), is_internal=True)
    if client.is_cloud:
        assert internal.jsdPublic is False
    assert {one.id for one in jira.comments(issue)} == {comment.id, hidden.id, internal.id}
    comment.delete()
    assert comment.id not in {one.id for one in jira.comments(issue)}
    with pytest.raises(JIRAError, match="Nobodies") as error:
        jira.add_comment(issue, client.text("x"), visibility={"type": "role", "value": "Nobodies"})
    assert refused(error) == 400


def test_it_logs_time(client: Client) -> None:
    jira, issue = client.jira, client.created()
    entry = jira.add_worklog(issue, timeSpent="2h", started=datetime(2026, 1, 2, tzinfo=UTC))
    assert entry.started.startswith("2026-01-02T00:00:00")
    entry.update(timeSpent="3h")
    assert jira.worklog(issue, entry.id).timeSpentSeconds == 3 * 3600
    entry.delete()
    assert jira.worklogs(issue) == []


def test_it_links_issues_and_pages(client: Client) -> None:
    jira, issue = client.jira, client.created()
    jira.create_issue_link("Blocks", issue.key, "ENG-1")
    [link] = jira.issue(issue.key).fields.issuelinks
    assert jira.issue_link(link.id).type.name == "Blocks"
    link.delete()
    assert jira.issue(issue.key).fields.issuelinks == []
    page = jira.add_simple_link(issue, {"url": "https://example.com/a", "title": "A"})
    jira.remote_link(issue, page.id).update({"url": "https://example.com/b", "title": "B"})
    [found] = jira.remote_links(issue)
    assert found.object.title == "B"
    found.delete()
    assert jira.remote_links(issue) == []


def test_it_manages_watchers(client: Client) -> None:
    jira, issue = client.jira, client.created()
    jira.add_watcher(issue, "grace@example.com")
    assert "Grace Hopper" in {one.displayName for one in jira.watchers(issue).watchers}
    jira.remove_watcher(issue, "grace@example.com")
    assert "Grace Hopper" not in {one.displayName for one in jira.watchers(issue).watchers}


def test_it_keeps_files(client: Client) -> None:
    jira, issue = client.jira, client.created()
    assert jira.attachment_meta()["enabled"] is True
    file = jira.add_attachment(issue, io.BytesIO(b"hello"), filename="hello.txt")
    assert jira.attachment(file.id).filename == "hello.txt"
    if not client.is_cloud:
        # Cloud's media host refuses the credential that requests forwards within one host name;
        # in the sandbox, and only there, both hosts have the same name.
        assert jira.issue(issue.key).fields.attachment[0].get() == b"hello"
    jira.delete_attachment(file.id)
    assert jira.issue(issue.key).fields.attachment == []


def test_it_finds_people(client: Client) -> None:
    jira = client.jira
    words = {"query": "grace"} if client.is_cloud else {"user": "grace"}
    [grace] = [one for one in jira.search_users(**words) if one.displayName == "Grace Hopper"]
    there = jira.user(grace.accountId if client.is_cloud else grace.name)
    assert there.displayName == "Grace Hopper"
    asked = {"query" if client.is_cloud else "username": "grace", "project": "ENG"}
    assignable = jira.search_assignable_users_for_issues(**asked)
    assert "Grace Hopper" in {one.displayName for one in assignable}


def test_it_works_with_boards_and_sprints(client: Client) -> None:
    jira, issue = client.jira, client.created()
    [board] = jira.boards(projectKeyOrID="ENG")
    assert [one.state for one in jira.sprints(board.id, state="active")] == ["active"]
    sprint = jira.create_sprint("Foreign", board.id)
    jira.update_sprint(sprint.id, name="Foreign too")
    assert jira.sprint(sprint.id).name == "Foreign too"
    jira.add_issues_to_sprint(sprint.id, [issue.key])
    jira.move_to_backlog([issue.key])
    jira.rank(issue.key, next_issue="ENG-1")
    jira.sprint(sprint.id).delete()
    with pytest.raises(JIRAError) as error:
        jira.sprint(sprint.id)
    assert refused(error) == 404


def test_it_manages_versions(client: Client) -> None:
    jira = client.jira
    version = jira.create_version("Foreign 9.9", "ENG")
    version.update(released=True)
    assert jira.version(version.id).released is True
    found = jira.get_project_version_by_name("ENG", "Foreign 9.9")
    assert found is not None
    assert found.id == version.id
    if client.is_cloud:
        version.delete()
        assert jira.get_project_version_by_name("ENG", "Foreign 9.9") is None
