"""The preview of any call: by the function of its tool, by its arguments alone otherwise."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.client.client import Client

from xerus.assistant.changes import Preview
from xerus.assistant.policies import OURS, Key, steps_of
from xerus.assistant.previews import confluence, jira
from xerus.assistant.previews.reading import Given, Reader

Build = Callable[[Reader, Given, Preview], Awaitable[None]]

_SECONDS = 10.0
_UNREADABLE = "How things stand there now could not be read, so only what is to be is shown."
_BUILDS: Mapping[str, Build] = {
    "jira_create_issue": jira.create_issue,
    "jira_create_issues": jira.create_issues,
    "jira_update_issue": jira.update_issue,
    "jira_assign_issue": jira.assign_issue,
    "jira_delete_issue": jira.delete_issue,
    "jira_add_comment": jira.add_comment,
    "jira_edit_comment": jira.edit_comment,
    "jira_delete_comment": jira.delete_comment,
    "jira_transition_issue": jira.transition_issue,
    "jira_move_issue": jira.move_issue,
    "jira_edit_worklog": jira.edit_worklog,
    "jira_delete_link": jira.delete_link,
    "jira_delete_attachment": jira.delete_attachment,
    "jira_watch": jira.on_issue,
    "jira_link": jira.on_issue,
    "jira_add_worklog": jira.on_issue,
    "jira_clone_issue": jira.on_issue,
    "jira_add_attachment": jira.on_issue,
    "jsm_reply": jira.on_issue,
    "confluence_create_page": confluence.create_page,
    "confluence_create_blogpost": confluence.create_page,
    "confluence_update_page": confluence.update_page,
    "confluence_delete_page": confluence.delete_page,
    "confluence_move_page": confluence.move_page,
    "confluence_restore": confluence.restore,
    "confluence_copy_page": confluence.copy_page,
    "confluence_label": confluence.label,
    "confluence_add_comment": confluence.add_comment,
    "confluence_edit_comment": confluence.edit_comment,
    "confluence_delete_comment": confluence.delete_comment,
    "confluence_delete_attachment": confluence.delete_attachment,
    "confluence_watch": confluence.on_page,
    "confluence_add_attachment": confluence.on_page,
}
_NAMES = {
    "transition": "Move to",
    "content": "Text",
    "body": "Text",
    "to": "To",
    "issue_keys": "Issues",
    "project_key": "Project",
    "space_key": "Space",
    "parent_id": "Parent",
}
_TEXTS = frozenset({"body", "content", "comment", "description"})
_FILES = frozenset({"jira_add_attachment", "confluence_add_attachment"})


async def built(client: Client, key: Key, arguments: Mapping[str, Any]) -> Preview:
    """Return what a call would change, read in bounded time.

    Raises:
        NotConnected: it cannot succeed.
    """
    shown = Preview()
    steps = steps_of(key, arguments)
    try:
        async with asyncio.timeout(_SECONDS):
            if steps:
                await _each(client, steps, shown)
            else:
                await _one(client, key, arguments, shown)
    except TimeoutError:
        shown.notes.append("How things stand there now could not be read in time.")
        if not steps:
            return _plain(arguments, shown)
    return shown


async def _one(client: Client, key: Key, arguments: Mapping[str, Any], shown: Preview) -> None:
    given = Given(arguments)
    reader = Reader(client, site=arguments.get("site"))
    build = _BUILDS.get(key.tool) if key.server == OURS else None
    if key.server == OURS and key.tool in _FILES:
        _file(given, shown)
    if build is not None:
        await build(reader, given, shown)
    _rest(given, shown)
    shown.fact("Site", arguments.get("site"))
    if reader.failed:
        shown.notes.insert(0, _UNREADABLE)


async def _each(client: Client, steps: list[tuple[Key, Mapping[str, Any]]], shown: Preview) -> None:
    for number, (key, arguments) in enumerate(steps, 1):
        one = Preview()
        await _one(client, key, arguments, one)
        shown.fact(f"Step {number}", f"{key.tool} {one.target}")
        for row in one.rows:
            row.name = f"{number}. {row.name}"
        shown.rows += one.rows
        shown.notes += [f"Step {number}: {note}" for note in one.notes]


def _plain(arguments: Mapping[str, Any], shown: Preview) -> Preview:
    """Return a preview of the arguments alone."""
    plain = Preview(notes=shown.notes)
    _rest(Given(arguments), plain)
    plain.fact("Site", arguments.get("site"))
    return plain


def _rest(given: Given, shown: Preview) -> None:
    """Show what no function has shown: nothing of a call is left out."""
    for name, value in given.rest().items():
        words = _NAMES.get(name) or name.replace("_", " ").capitalize()
        if name in _TEXTS and isinstance(value, str):
            shown.text(words, value)
        else:
            shown.fact(words, value)


def _file(given: Given, shown: Preview) -> None:
    """Say how long a file is, which nobody reads as base64."""
    content = given.text("content")
    try:
        size = f"{len(base64.b64decode(content, validate=True)):,} bytes"
    except (binascii.Error, ValueError):
        size = "content that is no base64, so it will be refused"
    shown.fact("File", f"{given.text('filename')}, {size}")
