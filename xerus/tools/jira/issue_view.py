"""One issue as an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xerus.atlassian.jira.comments import is_internal
from xerus.tools.jira.audience import readers
from xerus.tools.jira.bodies import from_body
from xerus.tools.jira.issue_sections import sections
from xerus.tools.jira.records import flat, person
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced

FIELDS = (
    "summary",
    "issuetype",
    "status",
    "resolution",
    "priority",
    "assignee",
    "reporter",
    "created",
    "updated",
    "duedate",
    "labels",
    "components",
    "fixVersions",
    "parent",
    "subtasks",
    "issuelinks",
    "description",
)
"""What one request reads, besides comments and what the caller adds."""

_OWN_FORM = frozenset({"description", "comment", "subtasks", "issuelinks", "parent"})
_SHOWN_AS = {"issuetype": "type"}


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One comment, its body as Markdown."""

    comment_id: str
    author: str
    at: str
    body: str
    readers: str = ""
    internal: bool = False

    def source(self, issue_key: str) -> str:
        """Return what a fence says of it, who may not read it included."""
        kind = "internal comment" if self.internal else "comment"
        only = f" only for {self.readers}" if self.readers else ""
        return f"jira {issue_key} {kind} {self.comment_id}{only}"

    def markdown(self, issue_key: str) -> str:
        """Return the comment, fenced."""
        source = self.source(issue_key)
        return fenced(self.body, source=source, author=self.author, at=self.at)

    def structured(self) -> dict[str, Any]:
        """Return the comment as an object."""
        kept = {"readers": clean(self.readers)} if self.readers else {}
        return {
            **({"internal": True} if self.internal else {}),
            **kept,
            "id": self.comment_id,
            "author": clean(self.author),
            "at": self.at,
            "body": clean(self.body),
        }


def comment_of(entry: dict[str, Any], *, mention_ids: bool = False) -> Comment:
    """Read a comment as Jira gives it; with `mention_ids` it can be written back."""
    return Comment(
        comment_id=str(entry.get("id", "")),
        author=person(entry.get("author")),
        at=flat(entry.get("created")),
        body=from_body(entry.get("body"), mention_ids=mention_ids).markdown,
        readers=readers(entry),
        internal=is_internal(entry),
    )


@dataclass(frozen=True, kw_only=True)
class IssueView:
    """An issue with its newest comments.

    Attributes:
        preface: our own words above it, for example what was changed.
        max_chars: where a long description is cut.
        extra: further fields, the name to show each by, by id.
        include: names of the sections to show besides, see `issue_sections`.
        mention_ids: whether texts keep the ids of people, so that they can be written back.
    """

    issue: dict[str, Any]
    link: str
    comments: int
    max_chars: int
    extra: Mapping[str, str] = field(default_factory=dict)
    preface: str = ""
    include: tuple[str, ...] = ()
    mention_ids: bool = False

    @property
    def _key(self) -> str:
        return str(self.issue["key"])

    @property
    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.issue.get("fields") or {}
        return fields

    def markdown(self) -> str:
        """Return fields, description and comments; each author's text in a fence of its own."""
        description, cut = self._description()
        lines = [f"{name}: {value}" for name, value in self._values().items()]
        body = "\n".join(lines) + (f"\n\n{description}" if description else "")
        parts = [
            f"{self.preface}{self._key}: {self.link}",
            fenced(body, source=f"jira {self._key}", author=person(self._fields.get("reporter"))),
        ]
        if cut:
            parts.append(cut)
        more = [one.markdown(self._key) for one in sections(self.issue, self.include)]
        return "\n".join([*parts, *self._comment_lines(), *more])

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        description, cut = self._description()
        shown, total = self._comments()
        return {
            "key": self._key,
            "link": self.link,
            "fields": {name: clean(value) for name, value in self._values().items()},
            "description": clean(description),
            "description_cut": bool(cut),
            "comments": [comment.structured() for comment in shown],
            "comments_total": total,
            **{one.name: one.structured() for one in sections(self.issue, self.include)},
            "untrusted": ["fields", "description", "comments[].body", *self.include],
        }

    def _values(self) -> dict[str, str]:
        fields = self._fields
        names = {name: _SHOWN_AS.get(name, name) for name in FIELDS}
        shown = {
            key: name for key, name in ({**self.extra, **names}).items() if key not in _OWN_FORM
        }
        values = {name: flat(fields.get(key)) for key, name in shown.items()}
        values["parent"] = _related(fields.get("parent"))
        values["subtasks"] = "; ".join(map(_related, fields.get("subtasks") or []))
        values["links"] = "; ".join(map(_linked, fields.get("issuelinks") or []))
        return {name: " ".join(value.split()) for name, value in values.items() if value}

    def _description(self) -> tuple[str, str]:
        body = self._fields.get("description")
        text = from_body(body, mention_ids=self.mention_ids).markdown
        if len(text) <= self.max_chars:
            return text, ""
        return (
            shortened(text, self.max_chars),
            f"Description cut: {self.max_chars} of {len(text)} characters. Raise max_chars.",
        )

    def _comments(self) -> tuple[list[Comment], int]:
        found = self._fields.get("comment") or {}
        entries = sorted(found.get("comments") or [], key=lambda entry: str(entry.get("created")))
        newest = entries[-self.comments :] if self.comments else []
        total = int(found.get("total", len(entries)))
        return [comment_of(entry, mention_ids=self.mention_ids) for entry in newest], total

    def _comment_lines(self) -> list[str]:
        shown, total = self._comments()
        if not total or not self.comments:
            return []
        head = f"Comments: {len(shown)} of {total}, newest last."
        return [head, *(comment.markdown(self._key) for comment in shown)]


def _related(issue: Any) -> str:
    if not isinstance(issue, dict):
        return ""
    fields = issue.get("fields") or {}
    status = flat(fields.get("status"))
    summary = shortened(flat(fields.get("summary")), 80)
    return f"{issue.get('key')} {f'({status}) ' if status else ''}{summary}".strip()


def _linked(link: dict[str, Any]) -> str:
    kind = link.get("type") or {}
    for side, words in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
        if link.get(side):
            return f"{kind.get(words, 'relates to')} {_related(link[side])}"
    return ""
