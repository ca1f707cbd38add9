"""All data of the simulated products, and its saved form."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Generic, Literal, Self, TypeVar

from xerus_sandbox.operations import Call
from xerus_sandbox.products.model import (
    Folder,
    Issue,
    Json,
    Page,
    Person,
    Project,
    Space,
    Sprint,
    Template,
)

Row = TypeVar("Row", bound=Issue | Page)


class Index(Generic[Row]):
    """The search index: what a search sees, which may lag behind what a read by key sees."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self._rows = rows
        self._stale: dict[str, tuple[float, Row | None]] = {}

    def will_change(self, key: str, *, until: float, now: float) -> None:
        """Remember a row as it is now (or that it is missing), because it is about to change."""
        if until > now and (key not in self._stale or self._stale[key][0] <= now):
            self._stale[key] = (until, deepcopy(self._rows.get(key)))

    def rows(self, now: float, reconcile: frozenset[str] = frozenset()) -> list[Row]:
        """Return the rows as the index knows them; those in `reconcile` (ids) are fresh."""
        self._stale = {k: (t, row) for k, (t, row) in self._stale.items() if t > now}
        seen = dict(self._rows)
        for key, (_, old) in self._stale.items():
            fresh = self._rows.get(key)
            if fresh is not None and fresh.id in reconcile:
                continue
            if old is None:
                seen.pop(key, None)
            else:
                seen[key] = old
        return list(seen.values())


@dataclass(kw_only=True)
class JiraData:
    """One Jira: a Cloud site's or the Data Center instance."""

    deployment: Literal["cloud", "dc"]
    projects: dict[str, Project]
    issues: dict[str, Issue]
    sprints: dict[int, Sprint]
    next_id: int
    numbers: dict[str, int]
    """The highest issue number used so far, per project key."""
    moved: dict[str, str] = field(default_factory=dict)
    """The present key of each key that an issue had before."""
    tasks: dict[str, Json] = field(default_factory=dict)
    """Bulk operations by task id."""
    index: Index[Issue] = field(init=False)

    def __post_init__(self) -> None:
        self.index = Index(self.issues)
        self._keys = {issue.id: key for key, issue in self.issues.items()} | self.moved

    def new_id(self) -> str:
        """Return an id never used in this instance."""
        self.next_id += 1
        return str(self.next_id)

    def new_key(self, project: str) -> str:
        """Return the next issue key of a project."""
        self.numbers[project] = self.numbers.get(project, 0) + 1
        return f"{project}-{self.numbers[project]}"

    def add(self, issue: Issue) -> None:
        """Store a new issue."""
        self.issues[issue.key] = issue
        self._keys[issue.id] = issue.key

    def remove(self, issue: Issue) -> None:
        """Forget an issue and the links to it."""
        del self.issues[issue.key], self._keys[issue.id]
        for other in self.issues.values():
            other.links = [link for link in other.links if link.key != issue.key]

    def find(self, id_or_key: str) -> Issue | None:
        """Return an issue by id or by key in any letter case."""
        name = id_or_key.upper()
        return self.issues.get(self._keys.get(name, name))

    def rename(self, issue: Issue, project: str) -> None:
        """Give an issue a key of another project; its old keys go on leading to it."""
        old = issue.key
        issue.project, issue.key = project, self.new_key(project)
        del self.issues[old]
        self.add(issue)
        self.moved[old] = issue.key
        self.moved = {k: issue.key if v == old else v for k, v in self.moved.items()}
        self._keys |= self.moved
        for other in self.issues.values():
            other.parent = issue.key if other.parent == old else other.parent
            for link in other.links:
                link.key = issue.key if link.key == old else link.key

    def project(self, id_or_key: str) -> Project | None:
        """Return a project by id or key."""
        by_id = (p for p in self.projects.values() if p.id == id_or_key)
        return self.projects.get(id_or_key.upper()) or next(by_id, None)

    def visible(self, account_id: str) -> dict[str, Project]:
        """Return the projects that a person may see, by key."""
        return {k: p for k, p in self.projects.items() if account_id not in p.hidden_from}

    def subtasks(self, key: str) -> list[Issue]:
        """Return the issues whose parent is this one."""
        return [issue for issue in self.issues.values() if issue.parent == key]

    def to_json(self) -> Json:
        """Return the saved form, sharing live values."""
        return {
            "deployment": self.deployment,
            "projects": {k: vars(p) for k, p in self.projects.items()},
            "issues": {k: issue.to_json() for k, issue in self.issues.items()},
            "sprints": [vars(s) for s in self.sprints.values()],
            "next_id": self.next_id,
            "numbers": self.numbers,
            "moved": self.moved,
            "tasks": self.tasks,
        }

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Rebuild from the saved form."""
        return cls(
            deployment=data["deployment"],
            projects={k: Project(**p) for k, p in data["projects"].items()},
            issues={k: Issue.from_json(issue) for k, issue in data["issues"].items()},
            sprints={s["id"]: Sprint(**s) for s in data["sprints"]},
            next_id=data["next_id"],
            numbers=data["numbers"],
            moved=data.get("moved", {}),
            tasks=data.get("tasks", {}),
        )


@dataclass(kw_only=True)
class ConfluenceData:
    """One Confluence: a Cloud site's or the Data Center instance. Keys are ids."""

    deployment: Literal["cloud", "dc"]
    spaces: dict[str, Space]
    pages: dict[str, Page]
    next_id: int
    folders: dict[str, Folder] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    index: Index[Page] = field(init=False)

    def __post_init__(self) -> None:
        self.index = Index(self.pages)

    def new_id(self) -> str:
        """Return an id never used in this instance."""
        self.next_id += 1
        return str(self.next_id)

    def space_by_key(self, key: str) -> Space | None:
        """Return a space by its key."""
        return next((s for s in self.spaces.values() if s.key == key), None)

    def visible_space(self, space_id: str, account_id: str) -> Space | None:
        """Return a space if it exists and the person may see it."""
        space = self.spaces.get(space_id)
        return None if space is None or account_id in space.hidden_from else space

    def visible_page(self, page_id: str, account_id: str) -> Page | None:
        """Return a page, of any status, if it exists and the person may see it."""
        page = self.pages.get(page_id)
        if page is None or self.visible_space(page.space, account_id) is None:
            return None
        return page

    def visible_folder(self, folder_id: str, account_id: str) -> Folder | None:
        """Return a folder if it exists and the person may see it."""
        folder = self.folders.get(folder_id)
        if folder is None or self.visible_space(folder.space, account_id) is None:
            return None
        return folder

    def children(self, page_id: str) -> list[Page]:
        """Return the current child pages in their order."""
        found = (p for p in self.pages.values() if p.parent == page_id and p.status == "current")
        return sorted(found, key=lambda page: page.position)

    def ancestors(self, page: Page) -> list[Page]:
        """Return the pages above this one, the top one first."""
        above: list[Page] = []
        while page.parent and (parent := self.pages.get(page.parent)) is not None:
            above.insert(0, parent)
            page = parent
        return above

    def to_json(self) -> Json:
        """Return the saved form, sharing live values."""
        return {
            "deployment": self.deployment,
            "spaces": {k: vars(s) for k, s in self.spaces.items()},
            "pages": {k: page.to_json() for k, page in self.pages.items()},
            "next_id": self.next_id,
            "folders": {k: vars(folder) for k, folder in self.folders.items()},
            "templates": {k: vars(template) for k, template in self.templates.items()},
        }

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Rebuild from the saved form."""
        return cls(
            deployment=data["deployment"],
            spaces={k: Space(**s) for k, s in data["spaces"].items()},
            pages={k: Page.from_json(page) for k, page in data["pages"].items()},
            next_id=data["next_id"],
            folders={k: Folder(**folder) for k, folder in data.get("folders", {}).items()},
            templates={k: Template(**one) for k, one in data.get("templates", {}).items()},
        )


@dataclass(kw_only=True)
class World:
    """Everything the products know. Instances go by site name: acme, labs, dc-jira, dc-confluence."""

    base_url: str
    people: dict[str, Person]
    jira: dict[str, JiraData]
    confluence: dict[str, ConfluenceData]
    index_lag_seconds: float = 0.0
    """How long a write stays invisible to searches; not saved."""

    @classmethod
    def seed(cls, base_url: str) -> "World":
        """Return the seed data; `base_url` is the Atlassian port's own, for links in texts."""
        from xerus_sandbox.products.seed.build import build  # noqa: PLC0415 - it builds a World

        return build(base_url)

    def jira_of(self, call: Call) -> JiraData:
        """Return the Jira that a call addresses."""
        return self.jira[call.site.name]

    def confluence_of(self, call: Call) -> ConfluenceData:
        """Return the Confluence that a call addresses."""
        return self.confluence[call.site.name]

    def person(self, account_id: str) -> Person:
        """Return a person; an unknown id reads as a former user, as in Jira."""
        known = self.people.get(account_id)
        return known or Person(
            account_id=account_id, name="Former user", email="", username="former", active=False
        )

    def to_json(self) -> Json:
        """Return the saved form. It shares live values: encode it before anything else runs."""
        return {
            "base_url": self.base_url,
            "people": {k: vars(p) for k, p in self.people.items()},
            "jira": {name: data.to_json() for name, data in self.jira.items()},
            "confluence": {name: data.to_json() for name, data in self.confluence.items()},
        }

    @classmethod
    def from_json(cls, data: Json) -> "World":
        """Rebuild from the saved form."""
        return cls(
            base_url=data["base_url"],
            people={k: Person(**p) for k, p in data["people"].items()},
            jira={name: JiraData.from_json(item) for name, item in data["jira"].items()},
            confluence={
                name: ConfluenceData.from_json(item) for name, item in data["confluence"].items()
            },
        )
