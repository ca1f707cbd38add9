"""What all Jira instances share: statuses, workflow, issue types, priorities, resolutions."""

from dataclasses import dataclass

from xerus_sandbox.accounts import fixed_guid
from xerus_sandbox.products.model import Issue, Project

ROLES = {"Administrators": 10002, "Developers": 10003, "Viewers": 10004}
GROUPS = {
    name: fixed_guid(f"group {name}")
    for name in ("jira-administrators", "jira-software-users", "site-admins")
}


@dataclass(frozen=True)
class Category:
    """A status category."""

    id: int
    key: str
    name: str
    colour: str


NEW = Category(2, "new", "To Do", "blue-gray")
STARTED = Category(4, "indeterminate", "In Progress", "yellow")
FINISHED = Category(3, "done", "Done", "green")


@dataclass(frozen=True)
class Status:
    """A step of the workflow."""

    id: str
    name: str
    category: Category


STATUSES = {
    status.name: status
    for status in (
        Status("10000", "To Do", NEW),
        Status("10001", "In Progress", STARTED),
        Status("10002", "In Review", STARTED),
        Status("10003", "Done", FINISHED),
    )
}


@dataclass(frozen=True)
class Transition:
    """A way from some statuses to one."""

    id: str
    name: str
    sources: frozenset[str]
    target: str
    has_screen: bool = False


TRANSITIONS = (
    Transition("11", "Start progress", frozenset({"To Do"}), "In Progress"),
    Transition("21", "Stop progress", frozenset({"In Progress"}), "To Do"),
    Transition("31", "Send to review", frozenset({"In Progress"}), "In Review"),
    Transition("51", "Request changes", frozenset({"In Review"}), "In Progress"),
    Transition(
        "41", "Done", frozenset({"To Do", "In Progress", "In Review"}), "Done", has_screen=True
    ),
    Transition("61", "Reopen", frozenset({"Done"}), "To Do"),
)


def transitions_of(issue: Issue) -> list[Transition]:
    """Return the transitions that an issue offers now."""
    return [t for t in TRANSITIONS if issue.status in t.sources]


def requires_resolution(issue: Issue, transition: Transition) -> bool:
    """Incidents must say how they ended; other types get the resolution Done by themselves."""
    return transition.has_screen and issue.type == "Incident"


@dataclass(frozen=True)
class IssueType:
    """A kind of issue; level 1 is an epic, 0 a standard issue, -1 a sub-task."""

    id: str
    name: str
    description: str
    level: int = 0


ISSUE_TYPES = {
    kind.name: kind
    for kind in (
        IssueType("10000", "Epic", "A big user story that needs to be broken down.", 1),
        IssueType("10001", "Story", "Functionality or a feature expressed as a user goal."),
        IssueType("10002", "Task", "A small, distinct piece of work."),
        IssueType("10003", "Bug", "A problem or error."),
        IssueType("10004", "Sub-task", "A piece of work that belongs to a larger task.", -1),
        IssueType("10005", "Incident", "An unplanned interruption of a service."),
    )
}
_TYPES_OF = {
    "OPS": ("Epic", "Task", "Bug", "Incident", "Sub-task"),
    "HR": ("Task", "Sub-task"),
}


def types_of(project: Project) -> list[IssueType]:
    """Return the issue types of a project."""
    names = _TYPES_OF.get(project.key, ("Epic", "Story", "Task", "Bug", "Sub-task"))
    return [ISSUE_TYPES[name] for name in names]


PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}
PRIORITY_COLOURS = {
    "Highest": "#d04437",
    "High": "#f15C75",
    "Medium": "#f79232",
    "Low": "#707070",
    "Lowest": "#999999",
}
RESOLUTIONS = {
    "Done": "10000",
    "Won't Do": "10001",
    "Duplicate": "10002",
    "Cannot Reproduce": "10003",
}

SPRINT_FIELD = "customfield_10020"
SEVERITIES = {"Minor": "10100", "Major": "10101", "Critical": "10102"}
_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


@dataclass(frozen=True)
class Field:
    """A field of issues, as `GET /field` describes it; `on_screen` ones can be set."""

    id: str
    name: str
    type: str
    clauses: tuple[str, ...]
    items: str | None = None
    on_screen: bool = False
    custom: str | None = None


FIELDS = {
    field.id: field
    for field in (
        Field("summary", "Summary", "string", ("summary",), on_screen=True),
        Field("issuetype", "Issue Type", "issuetype", ("issuetype", "type"), on_screen=True),
        Field("project", "Project", "project", ("project",), on_screen=True),
        Field("parent", "Parent", "issuelink", ("parent",), on_screen=True),
        Field("description", "Description", "string", ("description",), on_screen=True),
        Field("status", "Status", "status", ("status",)),
        Field("resolution", "Resolution", "resolution", ("resolution",)),
        Field("resolutiondate", "Resolved", "datetime", ("resolutiondate", "resolved")),
        Field("priority", "Priority", "priority", ("priority",), on_screen=True),
        Field("labels", "Labels", "array", ("labels",), "string", on_screen=True),
        Field("assignee", "Assignee", "user", ("assignee",), on_screen=True),
        Field("reporter", "Reporter", "user", ("reporter",), on_screen=True),
        Field("creator", "Creator", "user", ("creator",)),
        Field("created", "Created", "datetime", ("created", "createddate")),
        Field("updated", "Updated", "datetime", ("updated", "updateddate")),
        Field("duedate", "Due date", "date", ("due", "duedate"), on_screen=True),
        Field("components", "Components", "array", ("component",), "component", on_screen=True),
        Field("fixVersions", "Fix versions", "array", ("fixversion",), "version", on_screen=True),
        Field("issuelinks", "Linked Issues", "array", ("issuelink",), "issuelinks"),
        Field("subtasks", "Sub-tasks", "array", ("subtasks",), "issuelinks"),
        Field("comment", "Comment", "comments-page", ("comment",)),
        Field("worklog", "Log Work", "array", ("worklog",), "worklog"),
        Field("attachment", "Attachment", "array", ("attachments",), "attachment"),
        Field("watches", "Watchers", "watches", ("watchers",)),
        Field(
            SPRINT_FIELD,
            "Sprint",
            "array",
            ("cf[10020]", "sprint"),
            "json",
            on_screen=True,
            custom="com.pyxis.greenhopper.jira:gh-sprint",
        ),
        Field(
            "customfield_10016",
            "Story Points",
            "number",
            ("cf[10016]", "Story Points"),
            on_screen=True,
            custom=f"{_CUSTOM}float",
        ),
        Field(
            "customfield_10030",
            "Severity",
            "option",
            ("cf[10030]", "Severity"),
            on_screen=True,
            custom=f"{_CUSTOM}select",
        ),
        Field(
            "customfield_10031",
            "Release notes",
            "string",
            ("cf[10031]", "Release notes"),
            on_screen=True,
            custom=f"{_CUSTOM}textarea",
        ),
        Field(
            "customfield_10032",
            "Reviewer",
            "user",
            ("cf[10032]", "Reviewer"),
            on_screen=True,
            custom=f"{_CUSTOM}userpicker",
        ),
    )
}
