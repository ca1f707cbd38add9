"""The REST operations of Jira, with the scopes that Atlassian's descriptions list for each.

A scope set is either the classic one or the granular one, as in the descriptions of July 2026.
"""

from collections.abc import Callable

from xerus_sandbox.operations import Answer, Call, Operation
from xerus_sandbox.products.jira import (
    attachments,
    bulk,
    comments,
    issues,
    lists,
    metadata,
    search,
    transitions,
    versions,
    watchers,
)
from xerus_sandbox.products.world import World

_CLOUD = "jira-cloud-platform-v3.openapi.json"
_DATA_CENTER = "jira-data-center-10.3.openapi.json"

Run = Callable[[World, Call], Answer]


def _cloud(
    method: str, path: str, run: Run, classic: str, granular: str, *, writes: bool
) -> Operation:
    alternatives = (frozenset({classic}), frozenset(f"{s}:jira" for s in granular.split()))
    return Operation(
        product="jira",
        deployment="cloud",
        method=method,
        path=f"/rest/api/3{path}",
        spec=_CLOUD,
        scopes=alternatives if classic else (frozenset(),),
        run=run,
        writes=writes,
    )


def _read(path: str, run: Run, granular: str, classic: str = "read:jira-work") -> Operation:
    return _cloud("GET", path, run, classic, granular, writes=False)


def _query(path: str, run: Run, granular: str) -> Operation:
    return _cloud("POST", path, run, "read:jira-work", granular, writes=False)


def _write(method: str, path: str, run: Run, granular: str) -> Operation:
    return _cloud(method, path, run, "write:jira-work", granular, writes=True)


def _manage(method: str, path: str, run: Run) -> Operation:
    granular = "write:project-version read:project-version"
    return _cloud(method, path, run, "manage:jira-project", granular, writes=True)


def _server(
    method: str, path: str, run: Run, *, writes: bool = False, below: str = "/rest/api/2"
) -> Operation:
    return Operation(
        product="jira",
        deployment="dc",
        method=method,
        path=f"{below}{path}",
        spec=_DATA_CENTER,
        scopes=(),
        run=run,
        writes=writes,
    )


_SEARCH_GET = (
    "read:issue-details read:audit-log read:avatar read:field-configuration read:issue-meta"
)
_SEARCH_POST = "read:issue-details read:field.default-value read:field.option read:field read:group"
_COMMENTS = (
    "read:comment read:comment.property read:group read:project read:project-role read:user"
    " read:avatar"
)
_PROJECT = (
    "read:issue-type read:project read:project.property read:user read:application-role read:avatar"
    " read:group read:issue-type-hierarchy read:project-category read:project-version"
    " read:project.component"
)
_ISSUE = (
    "read:issue-meta read:issue-security-level read:issue.vote read:issue.changelog read:avatar"
    " read:issue read:status read:user read:field-configuration"
)
_CREATE_META = "read:issue-meta read:avatar read:field-configuration"
_PERSON = "read:application-role read:group read:user read:avatar"

CLOUD = (
    _read("/search/jql", search.enhanced_get, _SEARCH_GET),
    _query("/search/jql", search.enhanced_post, _SEARCH_POST),
    _query("/search/approximate-count", search.approximate_count, _SEARCH_POST),
    _read("/search", search.removed, _SEARCH_GET),
    _query("/search", search.removed, _SEARCH_POST),
    _query("/jql/parse", search.parse_queries, "read:field validate:jql read:jql"),
    _write(
        "POST",
        "/issue",
        issues.create,
        "write:issue write:comment write:comment.property write:attachment read:issue",
    ),
    _write(
        "POST",
        "/issue/bulk",
        issues.create_bulk,
        "write:issue write:comment write:comment.property write:attachment read:issue",
    ),
    _read("/issue/createmeta/{projectIdOrKey}/issuetypes", metadata.create_types, _CREATE_META),
    _read(
        "/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        metadata.create_fields,
        _CREATE_META,
    ),
    _read("/issue/{issueIdOrKey}", issues.get, _ISSUE),
    _write("PUT", "/issue/{issueIdOrKey}", issues.edit, "write:issue"),
    _write("DELETE", "/issue/{issueIdOrKey}", issues.delete, "delete:issue"),
    _write("PUT", "/issue/{issueIdOrKey}/assignee", issues.assign, "write:issue"),
    _read(
        "/issue/{issueIdOrKey}/transitions",
        transitions.available,
        "read:issue.transition read:status read:field-configuration",
    ),
    _write(
        "POST",
        "/issue/{issueIdOrKey}/transitions",
        transitions.run,
        "write:issue write:issue.property",
    ),
    _read("/issue/{issueIdOrKey}/comment", comments.page, _COMMENTS),
    _write("POST", "/issue/{issueIdOrKey}/comment", comments.create, f"{_COMMENTS} write:comment"),
    _query("/issue/bulkfetch", bulk.fetch, _ISSUE),
    _read(
        "/issue/{issueIdOrKey}/editmeta",
        metadata.edit_fields,
        "read:issue-meta read:field-configuration",
    ),
    _read("/project/{projectIdOrKey}/versions", versions.of_project, "read:project-version"),
    _read("/version/{id}", versions.get, "read:project-version"),
    _manage("POST", "/version", versions.create),
    _manage("PUT", "/version/{id}", versions.edit),
    _manage("DELETE", "/version/{id}", versions.delete),
    _read(
        "/issuetype",
        metadata.issue_types,
        "read:issue-type read:avatar read:project-category read:project",
    ),
    _read("/resolution", lists.resolutions, "read:resolution"),
    _read("/issueLinkType", lists.link_types, "read:issue-link-type"),
    _read("/label", lists.labels, "read:label"),
    _read("/jql/autocompletedata/suggestions", lists.suggestions, "read:issue-details"),
    _read("/issue/{issueIdOrKey}/comment/{id}", comments.read, _COMMENTS),
    _write(
        "PUT", "/issue/{issueIdOrKey}/comment/{id}", comments.edit, f"{_COMMENTS} write:comment"
    ),
    _write(
        "DELETE",
        "/issue/{issueIdOrKey}/comment/{id}",
        comments.delete,
        "delete:comment delete:comment.property",
    ),
    _read(
        "/issue/{issueIdOrKey}/changelog",
        issues.changelog,
        "read:issue-meta read:avatar read:issue.changelog",
    ),
    _read(
        "/issue/{issueIdOrKey}/watchers",
        watchers.page,
        "read:issue.watcher read:user read:avatar",
    ),
    _write("POST", "/issue/{issueIdOrKey}/watchers", watchers.add, "write:issue.watcher"),
    _write("DELETE", "/issue/{issueIdOrKey}/watchers", watchers.remove, "write:issue.watcher"),
    _write(
        "POST",
        "/issue/{issueIdOrKey}/attachments",
        attachments.add,
        "read:user write:attachment read:attachment read:avatar",
    ),
    _read("/attachment/content/{id}", attachments.content, "read:attachment"),
    _write("DELETE", "/attachment/{id}", attachments.delete, "delete:attachment"),
    _read("/myself", metadata.myself, _PERSON, "read:jira-user"),
    _read("/serverInfo", metadata.server_info, "", ""),
    _read("/project/search", metadata.project_search, _PROJECT),
    _read("/project/{projectIdOrKey}", metadata.project, _PROJECT),
    _read(
        "/project/{projectIdOrKey}/statuses",
        metadata.project_statuses,
        "read:issue-status read:issue-type read:status",
    ),
    _read(
        "/issuetype/project",
        metadata.issue_types_of_project,
        "read:issue-type read:avatar read:project-category read:project",
    ),
    _read("/priority", metadata.priorities, "read:priority"),
    _read("/status", metadata.statuses, "read:status"),
    _read(
        "/field",
        metadata.fields,
        "read:field read:avatar read:project-category read:project read:field-configuration",
    ),
    _read("/user/search", metadata.users, f"{_PERSON} read:user.property", "read:jira-user"),
    _read(
        "/user/assignable/search",
        metadata.assignable_users,
        f"{_PERSON} read:issue read:project",
        "read:jira-user",
    ),
)

DATA_CENTER = (
    _server("GET", "/search", search.offset_get),
    _server("POST", "/search", search.offset_post),
    _server("POST", "/issue", issues.create, writes=True),
    _server("POST", "/issue/bulk", issues.create_bulk, writes=True),
    _server("GET", "/issue/createmeta/{projectIdOrKey}/issuetypes", metadata.create_types),
    _server(
        "GET",
        "/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        metadata.create_fields,
    ),
    _server("GET", "/issue/{issueIdOrKey}", issues.get),
    _server("PUT", "/issue/{issueIdOrKey}", issues.edit, writes=True),
    _server("DELETE", "/issue/{issueIdOrKey}", issues.delete, writes=True),
    _server("PUT", "/issue/{issueIdOrKey}/assignee", issues.assign, writes=True),
    _server("GET", "/issue/{issueIdOrKey}/transitions", transitions.available),
    _server("POST", "/issue/{issueIdOrKey}/transitions", transitions.run, writes=True),
    _server("GET", "/issue/{issueIdOrKey}/comment", comments.page),
    _server("POST", "/issue/{issueIdOrKey}/comment", comments.create, writes=True),
    _server("GET", "/issue/{issueIdOrKey}/editmeta", metadata.edit_fields),
    _server("GET", "/project/{projectIdOrKey}/versions", versions.of_project),
    _server("GET", "/version/{id}", versions.get),
    _server("POST", "/version", versions.create, writes=True),
    _server("PUT", "/version/{id}", versions.edit, writes=True),
    _server("GET", "/resolution", lists.resolutions),
    _server("GET", "/issueLinkType", lists.link_types),
    _server("GET", "/jql/autocompletedata/suggestions", lists.suggestions),
    _server("GET", "/issue/{issueIdOrKey}/comment/{id}", comments.read),
    _server("PUT", "/issue/{issueIdOrKey}/comment/{id}", comments.edit, writes=True),
    _server("DELETE", "/issue/{issueIdOrKey}/comment/{id}", comments.delete, writes=True),
    _server("GET", "/issue/{issueIdOrKey}/watchers", watchers.page),
    _server("POST", "/issue/{issueIdOrKey}/watchers", watchers.add, writes=True),
    _server("DELETE", "/issue/{issueIdOrKey}/watchers", watchers.remove, writes=True),
    _server("POST", "/issue/{issueIdOrKey}/attachments", attachments.add, writes=True),
    _server("DELETE", "/attachment/{id}", attachments.delete, writes=True),
    _server("GET", "/secure/attachment/{id}/{filename}", attachments.server_content, below=""),
    _server("GET", "/myself", metadata.myself),
    _server("GET", "/serverInfo", metadata.server_info),
    _server("GET", "/project", metadata.projects),
    _server("GET", "/project/{projectIdOrKey}", metadata.project),
    _server("GET", "/project/{projectIdOrKey}/statuses", metadata.project_statuses),
    _server("GET", "/issuetype", metadata.issue_types),
    _server("GET", "/priority", metadata.priorities),
    _server("GET", "/status", metadata.statuses),
    _server("GET", "/field", metadata.fields),
    _server("GET", "/user/search", metadata.users),
    _server("GET", "/user/assignable/search", metadata.assignable_users),
)
