"""Calls that wait, as the pages are given them."""

from datetime import timedelta
from typing import Any

from tests.unit.web.fakes import NOW
from xerus.assistant.changes import Preview
from xerus.assistant.entries import ApprovalEntry, NeedsConnectionEntry
from xerus.assistant.preview import rows_of


def created(summary: str = "Rotate the keys") -> Preview:
    """What a new issue looks like."""
    preview = Preview()
    for name, value in (("Project", "ENG"), ("Type", "Task"), ("Summary", summary)):
        preview.fact(name, value)
    return preview


def approval(preview: Preview | None = None, **values: Any) -> ApprovalEntry:
    """A call that waits for an approval since just now."""
    shown = preview or created()
    standard = {
        "call_id": "c1",
        "tool": "jira_create_issue",
        "title": "Create issue",
        "target": shown.target,
        "rows": rows_of(shown),
        "notes": tuple(shown.notes),
        "arguments": '{"project_key": "ENG", "issue_type": "Task", "summary": "Rotate the keys"}',
        "expires_at": NOW + timedelta(minutes=30),
        "state": "waiting",
        "shown": "5f",
        "account": "ada@example.com",
        "may_allow": True,
    }
    return ApprovalEntry(**{**standard, **values})


def held(**values: Any) -> NeedsConnectionEntry:
    """A call that waits for a connection since a minute ago."""
    standard = {
        "call_ids": ("c1",),
        "titles": ("Get issue",),
        "asked_at": NOW - timedelta(minutes=1),
        "expires_at": NOW + timedelta(minutes=29),
        "state": "waiting",
    }
    return NeedsConnectionEntry(**{**standard, **values})
