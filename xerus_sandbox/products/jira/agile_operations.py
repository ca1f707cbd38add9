"""The operations of Jira Software (boards, sprints, rank), with their scopes.

The scopes are those of the 2022 description, which has granular ones only. It lists none for
`GET /board`; read:project:jira is suspected there (facts b6), so both are asked for.
"""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.jira import boards, sprints
from xerus_sandbox.products.jira.operations import Run

_CLOUD = "jira-cloud-software-agile-2022.openapi.json"
_DATA_CENTER = "jira-data-center-10.3.openapi.json"
_BOARD = "read:board-scope:jira-software"

_ALL: tuple[tuple[str, str, Run, str], ...] = (
    ("GET", "/board", boards.boards, f"{_BOARD} read:project:jira"),
    ("GET", "/board/{boardId}", boards.board, f"{_BOARD} read:issue-details:jira"),
    ("GET", "/board/{boardId}/sprint", boards.sprints, "read:sprint:jira-software"),
    ("GET", "/board/{boardId}/backlog", boards.backlog, f"{_BOARD} read:issue-details:jira"),
    ("POST", "/backlog/issue", boards.to_backlog, "write:board-scope:jira-software"),
    ("PUT", "/issue/rank", boards.rank_issues, "write:issue:jira-software"),
    ("GET", "/sprint/{sprintId}", sprints.get, "read:sprint:jira-software"),
    ("POST", "/sprint", sprints.create, "write:sprint:jira-software"),
    ("POST", "/sprint/{sprintId}", sprints.change, "write:sprint:jira-software"),
    ("PUT", "/sprint/{sprintId}", sprints.replace, "write:sprint:jira-software"),
    ("DELETE", "/sprint/{sprintId}", sprints.delete, "delete:sprint:jira-software"),
    (
        "GET",
        "/sprint/{sprintId}/issue",
        boards.issues_of_sprint,
        "read:sprint:jira-software read:issue-details:jira",
    ),
    (
        "GET",
        "/board/{boardId}/issue",
        boards.issues_of_board,
        f"{_BOARD} read:issue-details:jira",
    ),
    (
        "GET",
        "/board/{boardId}/sprint/{sprintId}/issue",
        boards.issues_of_sprint,
        f"{_BOARD} read:sprint:jira-software read:issue-details:jira",
    ),
    ("POST", "/sprint/{sprintId}/issue", sprints.add_issues, "write:sprint:jira-software"),
)


def _operation(method: str, path: str, run: Run, scopes: str, *, is_cloud: bool) -> Operation:
    return Operation(
        product="jira",
        deployment="cloud" if is_cloud else "dc",
        method=method,
        path=f"/rest/agile/1.0{path}",
        spec=_CLOUD if is_cloud else _DATA_CENTER,
        scopes=(frozenset(scopes.split()),) if is_cloud else (),
        run=run,
        writes=method != "GET",
    )


CLOUD = tuple(_operation(*row, is_cloud=True) for row in _ALL)
DATA_CENTER = tuple(_operation(*row, is_cloud=False) for row in _ALL)
