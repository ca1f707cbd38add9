"""The plainest successful call of each tool, and some variants, on the sandbox's seed data."""

from collections.abc import Callable
from typing import Any

from xerus_sandbox.accounts import ADA
from xerus_sandbox.products.world import World

_FILE = {"filename": "notes.txt", "content": "VGV4dA=="}


def plain_calls(world: World, *, is_cloud: bool) -> dict[str, dict[str, Any]]:
    """Return arguments by the tool's name; a variant's key has a comma and words after it."""
    return (
        _of_both() | _of_jira(world, is_cloud=is_cloud) | _of_confluence(world, is_cloud=is_cloud)
    )


def _of_both() -> dict[str, dict[str, Any]]:
    step = {"tool": "jira_add_comment", "arguments": {"issue_key": "ENG-1", "body": "New"}}
    return {
        "connection_status": {},
        "my_activity": {},
        "search": {"query": "release"},
        "fetch": {"id": "ENG-1"},
        "batch": {"steps": [step]},
    }


def _of_jira(world: World, *, is_cloud: bool) -> dict[str, dict[str, Any]]:
    data = world.jira["acme" if is_cloud else "dc-jira"]
    issues = [issue for issue in data.issues.values() if issue.project == "ENG"]
    commented = _first(issues, lambda i: any(c.author == ADA.account_id for c in i.comments))
    comment = next(c for c in commented.comments if c.author == ADA.account_id)
    linked = _first(issues, lambda i: i.links)
    logged = _first(issues, lambda i: i.worklogs)
    filed = _first(issues, lambda i: i.attachments)
    todo = _first(issues, lambda i: i.status == "To Do" and i.type == "Task")
    single = _first(issues, lambda i: not data.subtasks(i.key) and i.type == "Task")
    new = {"project_key": "ENG", "issue_type": "Task", "summary": "New"}
    one = {"issue_key": "ENG-1"}
    its_comment = {"issue_key": commented.key, "comment_id": comment.id}
    moves = {"issue_key": single.key, "target_project_key": "OPS"}
    return ({"jira_move_issue": moves} if is_cloud else {}) | {
        "jira_search": {"jql": "project = ENG"},
        "jira_get_issue": one,
        "jira_get_issue, with comments and transitions": {
            **one, "include": ["comments", "transitions"],
        },
        "jira_create_issue": new,
        "jira_create_issues": {"issues": [new, new]},
        "jira_update_issue": {**one, "fields": {"summary": "Changed"}},
        "jira_assign_issue": {**one, "assignee": "me"},
        "jira_delete_issue": {"issue_key": single.key},
        "jira_get_comments": one,
        "jira_add_comment": {**one, "body": "New"},
        "jira_edit_comment": {**its_comment, "body": "Changed"},
        "jira_delete_comment": its_comment,
        "jira_get_watchers": one,
        "jira_watch": one,
        "jira_changelog": one,
        "jira_get_transitions": one,
        "jira_transition_issue": {"issue_key": todo.key, "transition": "In Progress"},
        "jira_get_projects": {},
        "jira_get_project": {"project_key": "ENG"},
        "jira_get_metadata": {"what": "priorities"},
        "jira_get_create_fields": {"project_key": "ENG", "issue_type": "Task"},
        "jira_find_users": {"query": "Grace"},
        "jira_search_fields": {},
        "jira_boards": {},
        "jira_sprints": {"board": "1"},
        "jira_sprint_issues": {"sprint": "2"},
        "jira_backlog": {"board": "1"},
        "jira_manage_sprint": {"action": "create", "board": "1", "name": "New"},
        "jira_move_to_sprint": {"issue_keys": ["ENG-12"], "sprint": "3"},
        "jira_rank": {"issue_keys": ["ENG-12"], "before": "ENG-13"},
        "jira_versions": {"project_key": "ENG"},
        "jira_manage_version": {"action": "create", "project_key": "ENG", "version": "New"},
        "jira_get_links": {"issue_key": linked.key},
        "jira_link": {**one, "to": "ENG-12", "kind": "Blocks"},
        "jira_delete_link": {"link_id": linked.links[0].id},
        "jira_get_worklogs": {"issue_key": logged.key},
        "jira_add_worklog": {**one, "time_spent": "1h"},
        "jira_edit_worklog": {
            "issue_key": logged.key, "worklog_id": logged.worklogs[0].id, "time_spent": "2h",
        },
        "jsm_queues": {},
        "jsm_requests": {},
        "jsm_reply": {"request_key": "HR-1", "body": "New", "public": True},
        "jira_clone_issue": one,
        "jira_attachments": {"issue_key": filed.key},
        "jira_add_attachment": {**one, **_FILE},
        "jira_delete_attachment": {
            "issue_key": filed.key, "attachment": filed.attachments[0].filename,
        },
    }  # fmt: skip


def _of_confluence(world: World, *, is_cloud: bool) -> dict[str, dict[str, Any]]:
    data = world.confluence["acme" if is_cloud else "dc-confluence"]
    docs = data.space_by_key("DOCS")
    assert docs
    pages = [page for page in data.pages.values() if page.space == docs.id]
    release = next(page for page in pages if page.title == "Release process")
    leaf = [page for page in pages if page.parent and not data.children(page.id)]
    page = {"page_id": release.id}
    edited = _first(pages, lambda p: len(p.versions) > 1 and p.status == "current")
    said = _first(pages, lambda p: any(c.author == ADA.account_id for c in p.comments))
    comment = next(c for c in said.comments if c.author == ADA.account_id)
    runbook = next(page.id for page in pages if page.title.startswith("Runbook:"))
    cloud_only: dict[str, dict[str, Any]] = {
        "confluence_get_page_views": page,
        "confluence_create_folder": {"space_key": "DOCS", "title": "New"},
        "confluence_get_folder": {"folder_id": next(iter(data.folders), "")},
        "confluence_get_tasks": {},
        "confluence_tick_task": {"task_id": f"{runbook}001", "done": False},
        "confluence_templates": {},
    }
    return (cloud_only if is_cloud else {}) | {
        "confluence_search": {"query": "release"},
        "confluence_get_page": page,
        "confluence_get_page, by title": {"title": "Release process", "space_key": "DOCS"},
        "confluence_create_page": {"space_key": "DOCS", "title": "New", "content": "Text"},
        "confluence_update_page": {**page, "title": "Changed"},
        "confluence_delete_page": {"page_id": leaf[0].id},
        "confluence_page_tree": page,
        "confluence_move_page": {"page_id": leaf[0].id, "target_id": leaf[1].id},
        "confluence_versions": page,
        "confluence_restore": {"page_id": edited.id, "version": 1},
        "confluence_copy_page": {**page, "title": "Copy"},
        "confluence_restrictions": page,
        "confluence_watch": page,
        "confluence_blogposts": {"space_key": "DOCS"},
        "confluence_create_blogpost": {"space_key": "DOCS", "title": "New", "content": "Text"},
        "confluence_get_comments": page,
        "confluence_add_comment": {**page, "body": "New"},
        "confluence_edit_comment": {"comment_id": comment.id, "body": "Changed"},
        "confluence_delete_comment": {"comment_id": comment.id},
        "confluence_get_spaces": {},
        "confluence_get_space": {"space_key": "DOCS"},
        "confluence_get_labels": page,
        "confluence_label": {**page, "add": ["new"]},
        "confluence_attachments": page,
        "confluence_add_attachment": {**page, **_FILE},
        "confluence_delete_attachment": {
            **page, "attachment": release.attachments[0].filename,
        },
    }  # fmt: skip


def _first(rows: list[Any], holds: Callable[[Any], object]) -> Any:
    return next(row for row in rows if holds(row))
