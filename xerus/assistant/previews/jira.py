"""What the tools of Jira would change."""

from collections.abc import Iterable, Mapping
from typing import Any

from xerus.assistant.changes import NOTHING, Preview, in_words
from xerus.assistant.previews.reading import LONGEST, Given, Reader

_READ = ("type", "status", "resolution", "priority", "assignee", "reporter", "duedate", "labels")
_ALIKE = {"issuetype": "type", "issue type": "type", "due date": "duedate"}
_LISTS = frozenset({"labels", "components", "fixVersions", "versions"})
_EXCERPT = 600


async def create_issue(_: Reader, given: Given, shown: Preview) -> None:
    """Show a new issue."""
    _new_issue(given, shown)


async def create_issues(_: Reader, given: Given, shown: Preview) -> None:
    """Show each new issue in a line, and its description."""
    issues = given.take("issues")
    if given.take("validate_only"):
        shown.notes.append("Only checks them; none is created.")
    for number, issue in enumerate(issues if isinstance(issues, list) else [], 1):
        one = Preview()
        left = Given(issue if isinstance(issue, dict) else {"issue": issue})
        _new_issue(left, one)
        for name, value in left.rest().items():
            one.fact(name, value)
        for row in one.rows:
            row.name = f"{number}. {row.name}"
        shown.rows += one.rows


async def update_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show each field before and after."""
    fields = given.objects("fields")
    added, removed = given.objects("add"), given.objects("remove")
    before = await _issue(reader, given, shown, further={*fields, *added, *removed})
    for name, value in fields.items():
        if name.lower() in {"description", "environment"} and isinstance(value, str):
            shown.texts(name.capitalize(), before.text(name), value)
        else:
            shown.change(name, before.value(name), value)
    for name in dict.fromkeys([*added, *removed]):
        _list(shown, name, before.value(name), added.get(name), removed.get(name))


async def assign_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show from whom to whom."""
    before = await _issue(reader, given, shown)
    wanted = given.text("assignee")
    nobody = wanted.strip().casefold() in {"none", "unassigned"}
    shown.change("Assignee", before.value("assignee"), "" if nobody else wanted)


async def transition_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the status before and after, and what goes with it."""
    key = given.peek("issue_key")
    before = await _issue(reader, given, shown)
    found = await reader.read("jira_get_transitions", issue_key=key) if before.known else {}
    wanted = given.text("transition") or given.text("transition_id")
    chosen = _transition(wanted, found.get("transitions") or [])
    shown.change("Status", before.value("status"), chosen.get("to") or wanted)
    if chosen.get("name") and chosen["name"] != chosen.get("to"):
        shown.fact("Transition", chosen["name"])
    if "resolution" in given:
        shown.change("Resolution", before.value("resolution"), given.take("resolution"))
    if comment := given.text("comment"):
        shown.text("Comment", comment)
    for name, value in given.objects("fields").items():
        shown.change(name, before.value(name), value)
    if before.known and found and not chosen:
        shown.notes.append("No transition of this name is open now, so it will be refused.")


async def delete_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show what would be lost, with counts."""
    before = await _issue(
        reader, given, shown, include=["worklogs", "attachments", "links"], named=False
    )
    subtasks = given.take("delete_subtasks") is True
    if not before.known:
        return
    for name in ("summary", "type", "status", "assignee"):
        shown.lost(name.capitalize(), before.value(name))
    shown.lost("Description", _excerpt(before.text("description")))
    shown.lost("Goes with it", ", ".join(before.counts()))
    below = [one for one in before.value("subtasks").split("; ") if one]
    if below and subtasks:
        shown.lost(f"{_count(len(below), 'subtask')}", ", ".join(below))
    elif below:
        shown.notes.append(f"It has {_count(len(below), 'subtask')}, so it will be refused.")
    shown.notes.append("Jira has no trash: it cannot be undone.")


async def add_comment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the comment as it will look, and who reads it."""
    await _issue(reader, given, shown)
    shown.text("Comment", given.text("body") or given.text("comment"))
    shown.fact("Only for", given.take("visibility"))
    if given.take("internal"):
        shown.fact("Hidden from", "customers of the service desk")


async def edit_comment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the comment before and after."""
    await _issue(reader, given, shown)
    before = await _comment(reader, given, shown)
    body = given.text("body") or given.text("comment")
    if before is None:
        shown.text("New text", body)
    else:
        shown.texts("Comment", str(before.get("body", "")), body)
    shown.fact("Only for", given.take("visibility"))
    if "internal" in given:
        shown.fact("Hidden from customers", given.take("internal"))


async def delete_comment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the comment that would be lost."""
    await _issue(reader, given, shown)
    before = await _comment(reader, given, shown)
    if before is not None:
        shown.lost("Comment", before.get("body"))
    shown.notes.append("Jira has no trash: it cannot be undone.")


async def move_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the project and type before and after."""
    key = given.peek("issue_key")
    before = await _issue(reader, given, shown)
    shown.change("Project", key.rpartition("-")[0], given.take("target_project_key"))
    if "issue_type" in given:
        shown.change("Type", before.value("type"), given.take("issue_type"))
    shown.notes.append("It gets another key; links to the old one go on working.")


async def edit_worklog(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the worklog before and after."""
    key = given.peek("issue_key")
    await _issue(reader, given, shown)
    wanted = given.text("worklog_id")
    found = await reader.read("jira_get_worklogs", issue_key=key, limit=200)
    before = _with_id(found.get("worklogs") or [], wanted)
    shown.fact("Worklog", wanted)
    for name, words in (("time_spent", "Time spent"), ("started", "Started")):
        if name in given:
            old = before.get("spent" if name == "time_spent" else name)
            shown.change(words, old, given.take(name))
    if "comment" in given:
        shown.texts("Comment", str(before.get("comment", "")), given.text("comment"))


async def delete_link(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the link that would be lost."""
    wanted = given.text("link_id")
    key = given.peek("issue_key")
    found = await reader.read("jira_get_links", issue_key=key) if key else {}
    links = [*(found.get("links") or []), *(found.get("web_links") or [])]
    shown.lost("Link", "; ".join(map(in_words, _with_id(links, wanted).values())) or wanted)


async def delete_attachment(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the file that would be lost."""
    await _issue(reader, given, shown)
    shown.lost("File", given.take("attachment"))
    shown.notes.append("Jira has no trash: it cannot be undone.")


async def on_issue(reader: Reader, given: Given, shown: Preview) -> None:
    """Show the issue that a call is about; its arguments say the rest."""
    await _issue(reader, given, shown)


class _Issue:
    """How an issue stands now; empty where it could not be read."""

    def __init__(self, found: Mapping[str, Any], key: str) -> None:
        self._found = found
        self.key = key

    @property
    def known(self) -> bool:
        return bool(self._found)

    def value(self, name: str) -> Any:
        """Return a field in words, '' for an empty one; None where nothing is known."""
        if not self.known:
            return None
        fields: Mapping[str, Any] = self._found.get("fields") or {}
        wanted = _ALIKE.get(name.lower(), name)
        return next((v for k, v in fields.items() if k.lower() == wanted.lower()), "")

    def text(self, name: str) -> str:
        """Return a long text as Markdown."""
        if name.lower() == "description":
            return str(self._found.get("description") or "")
        return str(self.value(name) or "")

    def counts(self) -> Iterable[str]:
        """Say how much of each kind hangs on it."""
        total = int(self._found.get("comments_total") or 0)
        if total:
            yield _count(total, "comment")
        for name in ("worklogs", "attachments", "links"):
            part = self._found.get(name) or {}
            if count := int(part.get("total") or 0):
                yield _count(count, name.removesuffix("s"))


async def _issue(
    reader: Reader,
    given: Given,
    shown: Preview,
    *,
    further: Iterable[str] = (),
    include: list[str] | None = None,
    named: bool = True,
) -> _Issue:
    """Read the issue that a call names, and say which it is."""
    key = given.text("issue_key") or given.text("request_key")
    known = {*_READ, *_ALIKE, "summary", "description", "components", "fixversions", "parent"}
    asked = [one for one in further if one.lower() not in known and "," not in one]
    wanted: dict[str, Any] = {"issue_key": key, "comment_limit": 1, "max_chars": LONGEST}
    if include:
        wanted["include"] = include
    found = await reader.read(
        "jira_get_issue", **wanted, **({"fields": ",".join(asked)} if asked else {})
    )
    if not found and asked:  # one of the names may be unknown; the others are worth having
        found = await reader.read("jira_get_issue", **wanted)
    issue = _Issue(found, key)
    summary = in_words(issue.value("summary")) if named else ""
    shown.target = f"{key}: {summary}" if summary else key
    return issue


async def _comment(reader: Reader, given: Given, shown: Preview) -> Mapping[str, Any] | None:
    wanted = given.text("comment_id")
    key = shown.target.partition(":")[0]
    found = await reader.read("jira_get_comments", issue_key=key, limit=100, max_chars=LONGEST)
    comment = _with_id(found.get("comments") or [], wanted)
    shown.fact("Comment of", comment.get("author") or f"number {wanted}")
    if not comment:
        reader.failed = True
        return None
    return comment


def _new_issue(given: Given, shown: Preview) -> None:
    for name, words in (
        ("project_key", "Project"),
        ("issue_type", "Type"),
        ("summary", "Summary"),
        ("parent", "Parent"),
        ("assignee", "Assignee"),
        ("priority", "Priority"),
        ("labels", "Labels"),
    ):
        shown.fact(words, given.take(name))
    for name, value in given.objects("additional_fields").items():
        shown.fact(name, value)
    if description := given.text("description"):
        shown.text("Description", description)


def _list(shown: Preview, name: str, before: Any, added: Any, removed: Any) -> None:
    if before is None or name not in _LISTS:
        shown.fact(f"{name}: added", added)
        shown.fact(f"{name}: removed", removed)
        return
    gone = {in_words(one).casefold() for one in _listed(removed)}
    kept = [one for one in str(before).split(", ") if one and one.casefold() not in gone]
    new = [in_words(one) for one in _listed(added) if in_words(one) not in kept]
    shown.change(name, before, ", ".join([*kept, *new]) or NOTHING)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _transition(wanted: str, open_now: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a call means, as the tool finds it: by id or name, else by target status."""
    key = wanted.strip().casefold()
    for names in (("id", "name"), ("to",)):
        for one in open_now:
            if key in {str(one.get(name, "")).casefold() for name in names}:
                return one
    return {}


def _with_id(rows: list[Any], wanted: str) -> dict[str, Any]:
    found = (one for one in rows if isinstance(one, dict) and str(one.get("id")) == wanted)
    return next(found, {})


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
