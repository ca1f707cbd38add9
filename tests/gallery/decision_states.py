"""What waits for a decision, what became of it, and the rows of other servers' tools."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from tests.gallery.server_states import OWN_VIEWS
from tests.gallery.shown import Shown
from tests.unit.web.fake_servers import signing_in
from tests.unit.web.fakes import CONNECTED, NOW, World
from tests.unit.web.waiting import approval, created, held
from xerus.assistant.changes import Preview
from xerus.assistant.entries import (
    ApprovalEntry,
    ApprovalState,
    AssistantEntry,
    CallState,
    NoticeEntry,
    PersonEntry,
    ToolEntry,
)
from xerus.assistant.rendering import html_of
from xerus.connections.views import State

_PAGE = """# Release checklist

Before each release:

1. Freeze the branch on Monday.
2. Run the long tests.
3. Ask Grace for a review.

## After it

Tell the people in TEAM.
Close the version in Jira.
"""
_NEW_PAGE = _PAGE.replace("on Monday", "on Tuesday, 10:00").replace(
    "3. Ask Grace for a review.", "3. Ask two people for a review.\n4. Write the release notes."
)


def _page_edit() -> ApprovalEntry:
    shown = Preview(target="Release checklist, page 98311 in DOCS, version 7")
    shown.change("Title", "Release checklist", "Release checklist 2026")
    shown.texts("Text", _PAGE, _NEW_PAGE)
    return approval(
        shown, call_id="page", title="Update page", tool="confluence_update_page", edited=True
    )


def _issue_edit() -> ApprovalEntry:
    shown = Preview(target="ENG-12: Slow search")
    shown.change("Assignee", "Grace Hopper", "Alan Turing")
    shown.change("Labels", "", "performance, customer")
    shown.change("Due date", None, "2026-12-04")
    shown.texts(
        "Description",
        "The search takes 8 seconds.\nSeen in 4.1.",
        "The search takes 8 seconds.\nSeen in 4.1 and 4.2.",
    )
    shown.notes.append("The due date could not be read before.")
    return approval(shown, call_id="issue", title="Update issue", tool="jira_update_issue")


def _deletion() -> ApprovalEntry:
    shown = Preview(target="ENG-12")
    for name, value in (("Summary", "Slow search"), ("Type", "Bug"), ("Status", "Open")):
        shown.lost(name, value)
    shown.lost("Description", "The search takes 8 seconds. Seen in 4.1 and 4.2.")
    shown.lost("Goes with it", "14 comments, 3 attachments, 2 worklogs")
    shown.lost("2 subtasks", "ENG-13, ENG-14")
    shown.notes.append("Jira has no trash: it cannot be undone.")
    return approval(
        shown,
        call_id="delete",
        title="Delete issue",
        tool="jira_delete_issue",
        arguments='{"issue_key": "ENG-12", "delete_subtasks": true}',
        may_allow=False,
    )


def _of_another_server() -> ApprovalEntry:
    shown = Preview()
    shown.fact("Path", "handbook/onboarding.md")
    shown.fact("Content", "Welcome. Begin with the security training.")
    return approval(
        shown, call_id="docs", title="Write file", tool="write_file", origin="Docs", account=""
    )


def _over() -> list[object]:
    states = [one for one in get_args(ApprovalState) if one != "waiting"]
    reasons = {"declined": "The summary is wrong: it is about certificates, not keys."}
    return [
        replace(
            approval(created(f"Rotate the keys of stage {n}")),
            call_id=state,
            state=state,
            reason=reasons.get(state, ""),
            decided_at=NOW - timedelta(minutes=n),
        )
        for n, state in enumerate(states)
    ]


def _call(state: CallState, title: str, **values: Any) -> ToolEntry:
    standard = ToolEntry(
        name="docs__read_file",
        title=title,
        arguments='{"path": "handbook/onboarding.md"}',
        result="" if state in ("running", "waiting") else "Welcome. Begin with the training.",
        state=state,
        seconds=1.2 if state in ("ok", "failed") else None,
        size=2_310 if state == "ok" else None,
        origin="Docs",
    )
    return replace(standard, **values)


def _rows() -> list[object]:
    rows = [_call(state, "Read file") for state in get_args(CallState)]
    words = "Write the minutes of the meeting to the handbook of the whole organisation"
    return [*rows, _call("ok", words, allowed="always", origin="Team wiki of the platform group")]


def _talk(*entries: object) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        asked = PersonEntry(text="Put the checklist and the bug in order", turn=0)
        world.assistant.entries["talk"] = [asked, *entries]
        waits = any(getattr(one, "state", "") == "waiting" for one in entries)
        world.conversations.add("talk", asked.text, state="waiting" if waits else "idle")

    return arrange


_SAID = AssistantEntry(author="Demo model", html=html_of("I ask you about each change."))


def _with_docs(*entries: object) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        _talk(*entries)(world)
        world.remotes.put(signing_in("docs", "Docs"), OWN_VIEWS[State.NOT_CONNECTED])

    return arrange


DECISION_STATES: Mapping[str, Shown] = {
    "chat-approval-page-edit": Shown(path="/chat/talk", arrange=_talk(_SAID, _page_edit())),
    "chat-approval-deletion": Shown(path="/chat/talk", arrange=_talk(_deletion())),
    "chat-approvals-waiting": Shown(
        path="/chat/talk", arrange=_talk(_SAID, _issue_edit(), approval(), _of_another_server())
    ),
    "chat-approvals-over": Shown(path="/chat/talk", arrange=_talk(*_over())),
    "chat-other-server": Shown(
        path="/chat/talk",
        arrange=_with_docs(
            NoticeEntry(text="The tools of Customers are missing: the server did not answer."),
            *_rows(),
            held(titles=("Connect Docs",), name="Docs", server="docs"),
        ),
    ),
}
