"""`atlassian-python-api` does its everyday calls against the sandbox.

Nobody here wrote that client. Some of its calls name addresses that Atlassian does not have; the
sandbox answers those as Atlassian does, and the tests say so.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from atlassian import Confluence, ConfluenceServer, ConfluenceV2, Jira, JiraCloud, JiraSoftware
from atlassian.errors import ApiError
from requests import HTTPError

from tests.support.stack import Sandbox

ADA = "ada@example.com"
CONFLUENCE: Any = Confluence  # its constructors have no types
OLD_CONFLUENCE: Any = ConfluenceServer


@pytest.fixture(scope="module")
async def known(sandbox: Sandbox) -> dict[str, Any]:
    return await sandbox.credentials()


@pytest.fixture(scope="module")
def basic(known: dict[str, Any]) -> dict[str, Any]:
    return {"username": ADA, "password": known["api_tokens"][ADA]}


@pytest.fixture(scope="module", params=[3, 2])
def cloud(sandbox: Sandbox, basic: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    """Jira on Cloud, in both versions of its API."""
    url = f"{sandbox.atlassian.base}/site/acme"
    with closing(JiraCloud(url, api_version=request.param, **basic)) as client:
        yield client


@pytest.fixture(scope="module")
def software(sandbox: Sandbox, basic: dict[str, Any]) -> Iterator[Any]:
    with closing(JiraSoftware(f"{sandbox.atlassian.base}/site/acme", **basic)) as client:
        yield client


@pytest.fixture(scope="module")
def server(sandbox: Sandbox, known: dict[str, Any]) -> Iterator[Any]:
    """Jira on Data Center."""
    with closing(Jira(f"{sandbox.atlassian.base}/dc/jira", token=known["pats"][ADA])) as client:
        yield client


@pytest.fixture(scope="module")
def wiki(sandbox: Sandbox, basic: dict[str, Any]) -> Iterator[Any]:
    """Confluence on Cloud, REST v2."""
    with warnings.catch_warnings():
        # It warns whoever makes one, whatever is called then.
        warnings.filterwarnings("ignore", "V1 methods are deprecated", DeprecationWarning)
        client = ConfluenceV2(f"{sandbox.atlassian.base}/site/acme/wiki", **basic)
    with closing(client):
        yield client


@pytest.fixture(scope="module")
def old_wiki(sandbox: Sandbox, basic: dict[str, Any]) -> Iterator[Any]:
    """Confluence on Cloud, what is left of REST v1."""
    url = f"{sandbox.atlassian.base}/site/acme/wiki"
    with closing(OLD_CONFLUENCE(url, cloud=True, **basic)) as client:
        yield client


@pytest.fixture(scope="module")
def server_wiki(sandbox: Sandbox, known: dict[str, Any]) -> Iterator[Any]:
    """Confluence on Data Center."""
    client = CONFLUENCE(f"{sandbox.atlassian.base}/dc/confluence", token=known["pats"][ADA])
    yield client
    client._impl.close()


def status(error: pytest.ExceptionInfo[HTTPError]) -> int:
    answer = error.value.response
    assert answer is not None
    return int(answer.status_code)


def text(client: Any, words: str) -> Any:
    if client.api_version == 2:
        return words
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words}]}
    return {"type": "doc", "version": 1, "content": [paragraph]}


def issue_of(client: Any, **fields: Any) -> str:
    facts = {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "Foreign"}
    return str(client.create_issue(data={"fields": {**facts, **fields}})["key"])


def issue_there(server: Any, **fields: Any) -> str:
    facts = {"project": {"key": "ENG"}, "issuetype": {"name": "Task"}, "summary": "Foreign"}
    return str(server.create_issue(fields={**facts, **fields})["key"])


def test_jira_cloud_tells_what_it_consists_of(cloud: Any) -> None:
    assert cloud.get_current_user()["displayName"] == "Ada Lovelace"
    assert cloud.get_server_info()["deploymentType"] == "Cloud"
    assert {one["key"] for one in cloud.get_all_projects()} == {"ENG", "HR", "OPS"}
    assert {one["key"] for one in cloud.search_projects()["values"]} == {"ENG", "HR", "OPS"}
    assert cloud.get_project("ENG")["name"] == "Engineering"
    assert {one["id"] for one in cloud.get_fields()} >= {"summary", "priority"}
    assert len(cloud.get_priorities()) == 5
    assert len(cloud.get_statuses()) == 4
    assert {one["name"] for one in cloud.get_issue_all_types()} >= {"Task", "Bug"}
    assert cloud.get_create_issue_meta_issue_types("ENG")["issueTypes"]
    assert cloud.get_issue_link_types()["issueLinkTypes"]
    [grace] = [one for one in cloud.find_users(query="grace") if "Hopper" in one["displayName"]]
    assert cloud.get_user(account_id=grace["accountId"])["displayName"] == "Grace Hopper"


def test_jira_cloud_is_searched_to_the_end(cloud: Any) -> None:
    page = cloud.enhanced_jql("project = ENG ORDER BY key", limit=3)
    assert [one["key"] for one in page["issues"]] == ["ENG-1", "ENG-2", "ENG-3"]
    found = cloud.enhanced_jql_get_list_of_tickets("project = ENG")
    assert len({one["key"] for one in found}) == len(found) > 100


def test_jira_cloud_has_no_old_search(cloud: Any) -> None:
    with pytest.raises(HTTPError) as error:
        cloud.get(cloud.endpoint("search"), params={"jql": "project = ENG"})
    assert status(error) == 410


def test_jira_cloud_keeps_issues(cloud: Any) -> None:
    key = issue_of(cloud, description=text(cloud, "words"))
    assert cloud.get_issue(key)["fields"]["description"] == text(cloud, "words")
    cloud.edit_issue(key, data={"fields": {"summary": "Changed"}})
    assert cloud.get_issue(key)["fields"]["summary"] == "Changed"
    assert "summary" in cloud.get_edit_issue_meta(key)["fields"]
    assert cloud.get_transitions(key)["transitions"][0]["name"] == "Start progress"
    cloud.do_transition(key, data={"transition": {"id": "11"}})
    assert cloud.get_issue(key)["fields"]["status"]["name"] == "In Progress"
    grace = cloud.find_users(query="grace@example.com")[0]["accountId"]
    cloud.assign_issue(key, data={"accountId": grace})
    assert cloud.get_issue(key)["fields"]["assignee"]["accountId"] == grace
    changed = {
        item["field"] for one in cloud.get_change_logs(key)["values"] for item in one["items"]
    }
    assert changed >= {"summary", "status", "assignee"}
    cloud.delete_issue(key)
    with pytest.raises(HTTPError, match="does not exist or you do not have permission") as error:
        cloud.get_issue(key)
    assert status(error) == 404


def test_jira_cloud_keeps_what_hangs_on_issues(cloud: Any) -> None:
    key = issue_of(cloud)
    comment = cloud.add_comment(key, data={"body": text(cloud, "first")})["id"]
    cloud.update_comment(key, comment, data={"body": text(cloud, "second")})
    assert cloud.get_comment(key, comment)["body"] == text(cloud, "second")
    cloud.delete_comment(key, comment)
    assert cloud.get_comments(key)["total"] == 0
    entry = cloud.add_worklog(key, data={"timeSpentSeconds": 3600})["id"]
    assert cloud.update_worklog(key, entry, data={"timeSpent": "2h"})["timeSpentSeconds"] == 7200
    cloud.delete_worklog(key, entry)
    assert cloud.get_issue_worklog(key)["total"] == 0
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": "ENG-1"}}
    cloud.link_issues(data={"type": {"name": "Blocks"}, **ends})
    [link] = cloud.get_issue(key)["fields"]["issuelinks"]
    assert cloud.get_issue_link(link["id"])["type"]["name"] == "Blocks"
    cloud.delete_issue_link(link["id"])
    page = {"object": {"url": "https://example.com/a", "title": "A"}}
    web = cloud.create_or_update_remote_issue_link(key, data=page)["id"]
    page["object"]["title"] = "B"
    cloud.update_remote_issue_link(key, web, data=page)
    assert [one["object"]["title"] for one in cloud.get_remote_issue_links(key)] == ["B"]


def test_jira_cloud_keeps_watchers_and_files(cloud: Any) -> None:
    key = issue_of(cloud)
    grace = cloud.find_users(query="grace@example.com")[0]["accountId"]
    cloud.add_watcher(key, data=grace)
    assert cloud.get_issue_watchers(key)["watchCount"] == 2
    cloud.remove_watcher(key, account_id=grace)
    assert cloud.get_issue_watchers(key)["watchCount"] == 1
    files = {"file": ("hello.txt", io.BytesIO(b"hello"))}
    cloud.add_attachment(key, files=files, headers={"X-Atlassian-Token": "no-check"})
    [file] = cloud.get_issue(key)["fields"]["attachment"]
    assert cloud.get_attachment(file["id"])["filename"] == "hello.txt"
    assert cloud.get_attachment_meta()["enabled"] is True
    cloud.remove_attachment(file["id"])
    assert cloud.get_issue(key)["fields"]["attachment"] == []


def test_jira_software_keeps_boards_and_sprints(software: Any) -> None:
    [board] = software.get_all_boards(project_key_or_id="ENG")["values"]
    assert software.get_board(board["id"])["name"] == "ENG board"
    [active] = software.get_all_sprints(board["id"], state="active")["values"]
    assert software.get_issues_for_sprint(active["id"])["issues"]
    assert software.get_board_issues_for_sprint(board["id"], active["id"])["issues"]
    assert software.get_issues_for_board(board["id"])["total"] > 100
    assert software.get_issues_for_backlog(board["id"])["issues"]
    made = software.create_sprint(data={"name": "Foreign", "originBoardId": board["id"]})["id"]
    software.partially_update_sprint(made, data={"goal": "More"})
    assert software.get_sprint(made)["goal"] == "More"
    software.update_sprint(made, data={"name": "Foreign too"})
    assert not software.get_sprint(made).get("goal")
    software.move_issues_to_sprint_and_rank(made, data={"issues": ["ENG-2"]})
    software.move_issues_to_backlog(data={"issues": ["ENG-2"]})
    software.delete_sprint(made)
    with pytest.raises(HTTPError) as error:
        software.get_sprint(made)
    assert status(error) == 404


def test_jira_data_center_tells_what_it_consists_of(server: Any) -> None:
    assert server.myself()["name"] == "ada"
    assert {one["key"] for one in server.projects()} == {"ENG", "HR", "OPS"}
    assert server.project("ENG")["name"] == "Engineering"
    assert server.get_project_components("ENG")
    assert server.get_project_versions("ENG")
    assert server.get_project_roles("ENG").keys() == {"Administrators", "Developers", "Viewers"}
    assert {one["id"] for one in server.get_all_fields()} >= {"summary", "priority"}
    assert len(server.get_all_priorities()) == 5
    assert server.get_priority_by_id("1")["id"] == "1"
    assert len(server.get_all_statuses()) == 4
    assert server.get_status_for_project("ENG")
    assert server.get_issue_link_types_names() == ["Blocks", "Relates", "Duplicate"]
    assert server.issue_createmeta_issuetypes("ENG")["values"]
    assert server.user("grace")["displayName"] == "Grace Hopper"


def test_jira_data_center_keeps_issues(server: Any) -> None:
    key = issue_there(server, description="words")
    assert server.issue_exists(key)
    assert server.issue_field_value(key, "description") == "words"
    server.update_issue_field(key, {"summary": "Changed"})
    server.edit_issue(key, {"labels": [{"add": "foreign"}]})
    server.issue_field_value_append(key, "labels", "more")
    assert set(server.get_issue_labels(key)) == {"foreign", "more"}
    server.set_issue_status(key, "In Progress")
    assert server.get_issue_status(key) == "In Progress"
    server.assign_issue(key, "grace")
    assert server.issue(key)["fields"]["assignee"]["name"] == "grace"
    assert server.jql(f"key = {key}")["total"] == 1
    assert len(server.jql_get_list_of_tickets("project = ENG")) >= 40
    assert server.get_issue_changelog(key)["histories"]
    server.delete_issue(key)
    assert not server.issue_exists(key)


def test_jira_data_center_keeps_what_hangs_on_issues(server: Any, tmp_path: Path) -> None:
    key = issue_there(server)
    few = {"type": "role", "value": "Administrators"}
    comment = server.issue_add_comment(key, "first", visibility=few)
    assert comment["visibility"] == few
    server.issue_edit_comment(key, comment["id"], "second", visibility=few)
    assert server.issue_get_comment(key, comment["id"])["body"] == "second"
    server.issue_worklog(key, "2026-01-02T00:00:00.000+0000", 3600)
    assert server.issue_get_worklog(key)["total"] == 1
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": "ENG-1"}}
    server.create_issue_link({"type": {"name": "Blocks"}, **ends})
    [link] = server.issue(key)["fields"]["issuelinks"]
    server.remove_issue_link(link["id"])
    server.create_or_update_issue_remote_links(key, "https://example.com/a", "A")
    [web] = server.get_issue_remote_links(key)
    server.update_issue_remote_link_by_id(key, web["id"], "https://example.com/a", "B")
    assert server.get_issue_remote_link_by_id(key, web["id"])["object"]["title"] == "B"
    server.delete_issue_remote_link_by_id(key, web["id"])
    server.issue_add_watcher(key, "grace")
    assert server.issue_get_watchers(key)["watchCount"] == 2
    server.issue_delete_watcher(key, "grace")
    (tmp_path / "hello.txt").write_text("hello")
    [file] = server.add_attachment(key, str(tmp_path / "hello.txt"))
    assert server.get_attachment(file["id"])["filename"] == "hello.txt"
    assert server.get_attachment_content(file["id"]) == b"hello"
    server.remove_attachment(file["id"])


def test_jira_data_center_keeps_boards_and_sprints(server: Any) -> None:
    board = server.get_all_agile_boards(project_key="ENG")["values"][0]["id"]
    [active] = server.get_all_sprints_from_board(board, state="active")["values"]
    assert server.get_sprint_issues(active["id"], 0, 5)["issues"]
    assert server.get_all_issues_for_sprint_in_board(board, active["id"])["issues"]
    assert server.get_issues_for_backlog(board)["issues"]
    day = "2026-01-0{}T00:00:00.000+0000".format
    made = server.create_sprint("Foreign", board, day(1), day(2))["id"]
    server.add_issues_to_sprint(made, ["ENG-2"])
    server.delete_sprint(made)


def test_confluence_cloud_keeps_pages(wiki: Any) -> None:
    space = wiki.get_space_by_key("DOCS")["id"]
    assert {one["key"] for one in wiki.get_spaces()} == {"DOCS", "HR", "TEAM"}
    assert wiki.get_space(space)["key"] == "DOCS"
    page = wiki.create_page(space, "Foreign", "<p>one</p>")["id"]
    [found] = wiki.get_page_by_title("DOCS", "Foreign")["results"]
    assert found["id"] == page
    assert wiki.get_page_id("DOCS", "Foreign") == page
    stored = wiki.get_page_by_id(page, body_format="storage")["body"]["storage"]["value"]
    assert stored == "<p>one</p>"
    wiki.update_page(page, "Foreign", "<p>two</p>", status="current", version=1)
    assert [one["number"] for one in wiki.get_all_page_versions(page)] == [1, 2]
    assert wiki.get_page_version(page, 1)["nextVersion"] == 2
    below = wiki.create_page(space, "Foreign below", "<p>k</p>", parent_id=page)["id"]
    assert [one["id"] for one in wiki.get_child_pages(page)] == [below]
    listed = wiki.get_pages(space_id=space, body_format="storage")
    assert {page, below} <= {one["id"] for one in listed}
    wiki.delete_page(below)
    wiki.delete_page(page)
    with pytest.raises(HTTPError) as error:
        wiki.get_page_by_id(page)
    assert status(error) == 404
    wiki.update_page(page, "Foreign", "<p>two</p>", status="current", version=2)
    assert wiki.get_page_by_id(page)["status"] == "current"


def test_confluence_cloud_keeps_what_hangs_on_pages(wiki: Any, old_wiki: Any) -> None:
    space = wiki.get_space_by_key("DOCS")["id"]
    page = wiki.create_page(space, "Foreign parts", "<p>zebrafish</p>")["id"]
    said = {"storage": {"representation": "storage", "value": "<p>said</p>"}}
    comment = wiki.post("api/v2/footer-comments", data={"pageId": page, "body": said})["id"]
    assert [one["id"] for one in wiki.get_page_footer_comments(page)] == [comment]
    assert wiki.get_page_inline_comments(page) == []
    old_wiki.set_page_label(page, "foreign")
    assert [one["name"] for one in wiki.get_page_labels(page)] == ["foreign"]
    old_wiki.remove_page_label(page, "foreign")
    assert wiki.get_page_labels(page) == []
    old_wiki.attach_content(b"hello", "hello.txt", "text/plain", page_id=page)
    [file] = wiki.get(f"api/v2/pages/{page}/attachments")["results"]
    assert file["title"] == "hello.txt"
    wiki.delete(f"api/v2/attachments/{file['id']}")
    found = old_wiki.cql('space = DOCS AND title = "Foreign parts"')["results"]
    assert [one["content"]["id"] for one in found] == [page]


def test_confluence_cloud_has_no_old_pages_and_spaces(old_wiki: Any) -> None:
    """Removed from v1: 410."""
    for method, path in (
        ("GET", "rest/api/content"),
        ("GET", "rest/api/content/65538"),
        ("POST", "rest/api/content"),
        ("GET", "rest/api/space"),
    ):
        with pytest.raises(HTTPError) as error:
            old_wiki.request(method, path)
        assert status(error) == 410


def test_confluence_cloud_has_no_addresses_that_the_client_made_up(wiki: Any) -> None:
    """REST v2 describes none of them."""
    with pytest.raises(HTTPError) as error:
        wiki.create_page_footer_comment("65538", "<p>x</p>")
    assert status(error) == 404
    with pytest.raises(HTTPError) as error:
        wiki.search("Foreign")
    assert status(error) == 404
    with pytest.raises(HTTPError) as error:
        wiki.add_page_label("65538", "x")
    assert status(error) == 405


def test_confluence_data_center_keeps_pages(server_wiki: Any) -> None:
    wiki = server_wiki
    assert {one["key"] for one in wiki.get_all_spaces()["results"]} == {"DOCS", "HR", "TEAM"}
    assert wiki.get_space("DOCS", expand="homepage")["homepage"]["type"] == "page"
    page = wiki.create_page("DOCS", "Foreign", "<p>one</p>")["id"]
    assert wiki.page_exists("DOCS", "Foreign")
    assert wiki.get_page_id("DOCS", "Foreign") == page
    [found] = wiki.get_page_by_title("DOCS", "Foreign")["results"]
    assert found["id"] == page
    assert wiki.history(page)["createdBy"]["username"] == "ada"
    assert wiki.update_page(page, "Foreign", "<p>two</p>")["version"]["number"] == 2
    assert wiki.append_page(page, "Foreign", "<p>three</p>")["version"]["number"] == 3
    stored = wiki.get_page_by_id(page, expand="body.storage")["body"]["storage"]["value"]
    assert stored == "<p>two</p><p>three</p>"
    assert wiki.history(page)["lastUpdated"]["number"] == 3
    below = wiki.create_page("DOCS", "Foreign below", "<p>k</p>", parent_id=page)["id"]
    assert wiki.get_child_id_list(page) == [below]
    assert wiki.get_page_ancestors(below)[-1]["id"] == page
    assert page in {one["id"] for one in wiki.get_all_pages_from_space("DOCS")}
    assert wiki.get_page_space(page) == "DOCS"
    [hit] = wiki.cql('space = DOCS AND title = "Foreign below"')["results"]
    assert hit["content"]["id"] == below
    wiki.remove_page(below)
    wiki.remove_page(page)
    with pytest.raises(ApiError, match="no content with the given id"):
        wiki.get_page_by_id(page)
    assert wiki.get_page_by_id(page, status="trashed")["status"] == "trashed"
    facts = {"id": page, "type": "page", "title": "Foreign", "status": "current"}
    version = {"version": {"number": 4}}
    wiki.put(f"rest/api/content/{page}", data=facts | version, params={"status": "trashed"})
    assert wiki.get_page_by_id(page)["status"] == "current"


def test_confluence_data_center_keeps_what_hangs_on_pages(server_wiki: Any, tmp_path: Path) -> None:
    wiki = server_wiki
    page = wiki.create_page("DOCS", "Foreign parts", "<p>one</p>")["id"]
    wiki.set_page_label(page, "foreign")
    assert [one["name"] for one in wiki.get_page_labels(page)["results"]] == ["foreign"]
    wiki.remove_page_label(page, "foreign")
    assert wiki.get_page_labels(page)["results"] == []
    comment = wiki.add_comment(page, "<p>said</p>")["id"]
    [found] = wiki.get_page_comments(page, expand="body.storage")["results"]
    assert (found["id"], found["body"]["storage"]["value"]) == (comment, "<p>said</p>")
    wiki.attach_content(b"hello", "hello.txt", "text/plain", page_id=page)
    [file] = wiki.get_attachments_from_content(page)["results"]
    assert file["title"] == "hello.txt"
    wiki.download_attachments_from_page(page, path=str(tmp_path))
    assert (tmp_path / "hello.txt").read_bytes() == b"hello"
    wiki.remove_content(file["id"])
    assert wiki.get_attachments_from_content(page)["results"] == []
