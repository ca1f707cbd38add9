"""The chat while an answer is written, and after one that was ended early."""

from collections.abc import Callable, Mapping
from typing import Literal

from tests.gallery.shown import Shown
from tests.unit.web.fakes import CONNECTED, World
from xerus.assistant.entries import (
    AssistantEntry,
    CutEntry,
    ErrorEntry,
    NoticeEntry,
    PersonEntry,
    ToolEntry,
)
from xerus.assistant.rendering import blocks_of, html_of

_ASKED = PersonEntry(text="find open bugs in ENG and tell me which to take first")
_SEARCHED = ToolEntry(
    name="jira_search",
    title="Search issues",
    arguments='{"jql": "project = ENG AND type = Bug"}',
    result="ENG-7 | Login button ignores Enter | Open",
    state="ok",
    seconds=0.8,
    size=4_210,
)
_WORDS = "Two open bugs in **ENG**. I would begin with the one that keeps people from"
_BEGUN = AssistantEntry(author="some-model", html=html_of(_WORDS), blocks=blocks_of(_WORDS))


def _call(state: Literal["running", "cancelled", "unknown"], title: str) -> ToolEntry:
    return ToolEntry(
        name="jira_call",
        title=title,
        arguments='{"issue_key": "ENG-7"}',
        result="" if state == "running" else "It is not known whether this was done.",
        state=state,
        seconds=None,
    )


def _written(*entries: object, running: bool = False, doing: str = "") -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        world.assistant.entries["talk"] = [_ASKED, *entries]
        world.assistant.running = running
        world.assistant.doing = doing

    return arrange


RUNNING_STATES: Mapping[str, Shown] = {
    "chat-running": Shown(path="/chat/talk", arrange=_written(_SEARCHED, _BEGUN, running=True)),
    "chat-running-call": Shown(
        path="/chat/talk",
        arrange=_written(_SEARCHED, _call("running", "Get issue"), running=True),
    ),
    "chat-waiting-for-the-model": Shown(
        path="/chat/talk",
        arrange=_written(_SEARCHED, running=True, doing="The model is busy. Trying again in 8 s."),
    ),
    "chat-shortened": Shown(
        path="/chat/talk",
        arrange=_written(
            NoticeEntry(
                text="Earlier messages were summarised for the model; you still see all of them.",
                tone="busy",
            ),
            _SEARCHED,
            _BEGUN,
        ),
    ),
    "chat-cut-off": Shown(
        path="/chat/talk",
        arrange=_written(_SEARCHED, _BEGUN, CutEntry(how="cut off", newest=True)),
    ),
    "chat-model-declined": Shown(
        path="/chat/talk",
        arrange=_written(
            _BEGUN,
            ErrorEntry(
                message="The model declined to go on with this answer.",
                hint="What is there may be incomplete. Put it another way, or ask for something"
                " else.",
                correlation_id="4f9c21ab07de",
            ),
        ),
    ),
    "chat-stopped": Shown(
        path="/chat/talk",
        arrange=_written(
            _SEARCHED,
            _BEGUN,
            _call("cancelled", "Get issue"),
            CutEntry(how="stopped", newest=True),
        ),
    ),
    "chat-interrupted": Shown(
        path="/chat/talk",
        arrange=_written(
            _SEARCHED,
            _BEGUN,
            _call("unknown", "Add comment"),
            CutEntry(how="interrupted", newest=True, unsure=True),
        ),
    ),
}
