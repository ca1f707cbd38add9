"""The operations that look single things up, and roles and groups, with their scopes."""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.jira import attachments, lists, metadata, roles, single
from xerus_sandbox.products.jira.operations import Run

_CLOUD = "jira-cloud-platform-v3.openapi.json"
_DATA_CENTER = "jira-data-center-10.3.openapi.json"
_WORK, _USERS = "read:jira-work", "read:jira-user"
_PERSON = "read:application-role read:group read:user read:avatar"
_TYPE = "read:issue-type read:avatar read:project-category read:project"

_OF_PROJECT = (
    "read:issue-type read:project read:project.property read:issue-type-hierarchy"
    " read:project-category read:project-version read:project.component"
)

_BOTH: tuple[tuple[str, Run, str, str], ...] = (
    (
        "/project/{projectIdOrKey}/components",
        single.components,
        _WORK,
        f"read:project read:project.component {_PERSON}",
    ),
    ("/project/{projectIdOrKey}/role", roles.of_project, _WORK, "read:project-role"),
    (
        "/project/{projectIdOrKey}/role/{id}",
        roles.role,
        _WORK,
        "read:user read:group read:project-role read:project read:avatar read:project-category",
    ),
    ("/groups/picker", roles.groups, _USERS, "read:group"),
    ("/status/{idOrName}", single.status, _WORK, "read:status"),
    ("/priority/{id}", single.by_id(metadata.priorities), _WORK, "read:priority"),
    ("/resolution/{id}", single.by_id(lists.resolutions), _WORK, "read:resolution"),
    ("/issuetype/{id}", single.by_id(metadata.issue_types), _WORK, _TYPE),
    ("/user", single.person, _USERS, _PERSON),
    ("/attachment/meta", attachments.settings, _WORK, "read:instance-configuration"),
    ("/attachment/{id}", attachments.get, _WORK, f"read:attachment {_PERSON}"),
)
_CLOUD_ONLY: tuple[tuple[str, Run, str, str], ...] = (
    # Both deprecated, both answered, and what the clients of others still call.
    (
        "/project",
        metadata.projects,
        _WORK,
        f"{_OF_PROJECT} {_PERSON}",
    ),
    (
        "/issue/createmeta",
        metadata.create_everything,
        _WORK,
        "read:issue-meta read:avatar read:field-configuration",
    ),
)


def _cloud(path: str, run: Run, classic: str, granular: str) -> Operation:
    return Operation(
        product="jira",
        deployment="cloud",
        method="GET",
        path=f"/rest/api/3{path}",
        spec=_CLOUD,
        scopes=(frozenset({classic}), frozenset(f"{one}:jira" for one in granular.split())),
        run=run,
        writes=False,
    )


def _server(path: str, run: Run) -> Operation:
    return Operation(
        product="jira",
        deployment="dc",
        method="GET",
        path=f"/rest/api/2{path}",
        spec=_DATA_CENTER,
        scopes=(),
        run=run,
        writes=False,
    )


CLOUD = tuple(_cloud(*row) for row in (*_BOTH, *_CLOUD_ONLY))
DATA_CENTER = tuple(_server(path, run) for path, run, _, _ in _BOTH)
