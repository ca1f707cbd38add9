"""States of the list of conversations and of what is done to a whole one."""

from collections.abc import Mapping
from datetime import timedelta

from tests.gallery.shown import Shown
from tests.unit.web.fakes import NOW, World
from xerus.assistant.entries import AssistantEntry, PersonEntry
from xerus.assistant.rendering import html_of

_NAMES = (
    "Which bugs are open in ENG, and who works on them at the moment?",
    "Release notes for 4.2",
    "Summary of the onboarding page",
    "\u05de\u05d4 \u05d4\u05de\u05e6\u05d1 \u05e9\u05dc \u05d4\u05e4\u05e8\u05d5\u05d9\u05e7\u05d8?",
    "<b>Bold</b> & odd",
    "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
)
_HOURS = (0, 1, 26, 30, 75, 80, 120, 500, 900, 1500, 9000)


def uuid(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def few(world: World) -> None:
    """One conversation that is open."""
    world.assistant.entries["talk"] = [
        PersonEntry(text="Which bugs are open in ENG?"),
        AssistantEntry(author="Demo model", html=html_of("ENG-7 and ENG-12 are.")),
    ]
    world.conversations.add("talk", "Which bugs are open in ENG?")


def many(world: World) -> None:
    """More than a page of them, of all days, in all states."""
    few(world)
    world.conversations.days = 90
    for n in range(80):
        hours = _HOURS[n % len(_HOURS)] + n * 3
        world.conversations.add(
            uuid(n),
            _NAMES[n % len(_NAMES)],
            used_at=NOW - timedelta(hours=hours),
            state={3: "answering", 6: "waiting"}.get(n, "idle"),
            origin_id="talk" if n == 2 else "",
        )


OF_CONVERSATIONS: Mapping[str, Shown] = {
    "chat-long-list": Shown(path="/chat/talk", arrange=many),
    "conversations-empty": Shown(path="/conversations"),
    "conversations": Shown(path="/conversations", arrange=many),
    "conversations-deleted": Shown(path="/conversations?done=deleted", arrange=few),
    "conversations-older": Shown(
        path=f"/conversations?before=20261101T000000.000000.{uuid(0)}", arrange=many
    ),
    "conversations-no-older": Shown(
        path=f"/conversations?before=20200101T000000.000000.{uuid(0)}", arrange=many
    ),
    "conversation-rename": Shown(path="/chat/talk/rename", arrange=few),
    "conversation-delete": Shown(path="/chat/talk/delete", arrange=few),
    "conversation-delete-waiting": Shown(path=f"/chat/{uuid(6)}/delete", arrange=many),
    "conversations-delete-all": Shown(path="/conversations/delete", arrange=many),
}
