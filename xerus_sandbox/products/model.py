"""The records that the simulated products keep. All values are JSON; times are epoch seconds.

Records are not frozen on purpose: they are the database rows of the simulated world.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

Json = dict[str, Any]


@dataclass(kw_only=True)
class Person:
    """Somebody in the user directory; only the three seeded accounts can sign in."""

    account_id: str
    name: str
    email: str
    username: str
    active: bool = True
    kind: Literal["atlassian", "app"] = "atlassian"


@dataclass(kw_only=True)
class Comment:
    """A comment on an issue; `body` is ADF on Cloud and wiki markup on Data Center."""

    id: str
    author: str
    body: Any
    created: float
    updated: float
    editor: str | None = None
    """Who changed it last, if not the author."""
    public: bool = True
    """Whether the customer of a service desk sees it."""
    visibility: Json | None = None
    """The role or group whose members alone see it: `type` and `value`."""


@dataclass(kw_only=True)
class Worklog:
    """Time that somebody logged on an issue; `comment` is a document as in `Comment.body`."""

    id: str
    author: str
    comment: Any
    started: float
    seconds: int
    created: float
    updated: float


@dataclass(kw_only=True)
class Attachment:
    """A file of an issue; `content` is base64."""

    id: str
    author: str
    filename: str
    mime: str
    created: float
    content: str


@dataclass(kw_only=True)
class Link:
    """One direction of a link between two issues."""

    id: str
    kind: str
    direction: Literal["inward", "outward"]
    key: str


@dataclass(kw_only=True)
class Change:
    """One entry of an issue's changelog."""

    id: str
    author: str
    created: float
    items: list[Json]


@dataclass(kw_only=True)
class Issue:
    """An issue; people are account ids, everything else goes by name."""

    id: str
    key: str
    project: str
    type: str
    summary: str
    reporter: str
    created: float
    updated: float
    description: Any = None
    status: str = "To Do"
    resolution: str | None = None
    resolved: float | None = None
    priority: str = "Medium"
    labels: list[str] = field(default_factory=list)
    assignee: str | None = None
    parent: str | None = None
    sprint: int | None = None
    rank: float | None = None
    """Where it stands in backlogs, once it was ranked; before that by its id."""
    duedate: str | None = None
    components: list[str] = field(default_factory=list)
    fix_versions: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    web_links: list[Json] = field(default_factory=list)
    """Remote links as a request gave them, each with its id."""
    history: list[Change] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    watchers: list[str] = field(default_factory=list)
    custom: Json = field(default_factory=dict)
    """Values of custom fields by id, the sprint excepted."""

    @property
    def place(self) -> float:
        """Where it stands in backlogs: by age, until somebody ranks it."""
        return float(self.id) if self.rank is None else self.rank

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Rebuild a saved issue."""
        nested = {
            "comments": [Comment(**item) for item in data["comments"]],
            "links": [Link(**item) for item in data["links"]],
            "history": [Change(**item) for item in data["history"]],
            "worklogs": [Worklog(**item) for item in data.get("worklogs", ())],
            "attachments": [Attachment(**item) for item in data.get("attachments", ())],
        }
        return cls(**{**data, **nested})

    def to_json(self) -> Json:
        """Return a shallow JSON view."""
        nested = ("comments", "links", "history", "worklogs", "attachments")
        return {**vars(self), **{name: [vars(x) for x in getattr(self, name)] for name in nested}}


@dataclass(kw_only=True)
class Project:
    """A Jira project. People in `hidden_from` get 404 for all of it."""

    id: str
    key: str
    name: str
    description: str
    lead: str
    kind: Literal["software", "business", "service_desk"] = "software"
    components: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    version_facts: dict[str, Json] = field(default_factory=dict)
    """What is known of a version beyond its name: released, archived, dates, description."""
    hidden_from: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Sprint:
    """A sprint of a project's board; a future one may have no dates yet."""

    id: int
    name: str
    project: str
    state: Literal["future", "active", "closed"]
    goal: str
    start: float | None
    end: float | None
    completed: float | None = None


@dataclass(kw_only=True)
class Space:
    """A Confluence space. People in `hidden_from` get 404 for all of it."""

    id: str
    key: str
    name: str
    description: str
    owner: str
    created: float
    homepage: str = ""
    kind: Literal["global", "personal"] = "global"
    hidden_from: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Folder:
    """A folder among the pages of a space, below a page, a folder or nothing."""

    id: str
    space: str
    title: str
    author: str
    created: float
    parent: str | None = None


@dataclass(kw_only=True)
class Template:
    """A template of pages in storage format, of a space or, without one, of the site."""

    id: str
    name: str
    description: str
    body: str
    space: str | None = None


@dataclass(kw_only=True)
class Version:
    """One version of a page; old bodies are kept."""

    number: int
    author: str
    created: float
    message: str
    title: str
    representation: Literal["storage", "atlas_doc_format"]
    body: str


@dataclass(kw_only=True)
class PageComment:
    """A comment on a page, below it or on a piece of its text."""

    id: str
    page: str
    author: str
    created: float
    representation: Literal["storage", "atlas_doc_format"]
    body: str
    parent: str | None = None
    version: int = 1
    anchor: str = ""
    """The text it is about; empty for one below the page."""
    resolution: Literal["open", "reopened", "resolved"] = "open"


@dataclass(kw_only=True)
class PageAttachment:
    """A file of a page; `content` is base64 and that of the newest version."""

    id: str
    author: str
    filename: str
    mime: str
    created: float
    content: str
    comment: str = ""
    version: int = 1
    status: Literal["current", "trashed"] = "current"


@dataclass(kw_only=True)
class Page:
    """A page, or a blog post, which has no parent; its current title and body are those of the last version."""

    id: str
    space: str
    author: str
    created: float
    versions: list[Version]
    parent: str | None = None
    position: int = 0
    status: Literal["current", "draft", "archived", "trashed"] = "current"
    kind: Literal["page", "blogpost"] = "page"
    labels: list[str] = field(default_factory=list)
    watchers: list[str] = field(default_factory=list)
    restricted: dict[str, list[str]] = field(default_factory=dict)
    """Who alone may "read" or "update" it, by account id; shown, not enforced."""
    comments: list[PageComment] = field(default_factory=list)
    attachments: list[PageAttachment] = field(default_factory=list)

    @property
    def current(self) -> Version:
        """The version that readers see."""
        return self.versions[-1]

    @property
    def title(self) -> str:
        """The current title."""
        return self.versions[-1].title

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Rebuild a saved page."""
        versions = [Version(**item) for item in data["versions"]]
        comments = [PageComment(**item) for item in data["comments"]]
        attachments = [PageAttachment(**item) for item in data.get("attachments", ())]
        return cls(
            **{**data, "versions": versions, "comments": comments, "attachments": attachments}
        )

    def to_json(self) -> Json:
        """Return a shallow JSON view."""
        nested = ("versions", "comments", "attachments")
        return {**vars(self), **{name: [vars(x) for x in getattr(self, name)] for name in nested}}
