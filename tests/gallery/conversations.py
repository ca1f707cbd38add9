"""States of the list of conversations and of what is done to a whole one."""

from collections.abc import Mapping
from datetime import timedelta

from tests.gallery.shown import Shown
from tests.unit.web.fakes import NOW, World
from xerus.assistant.entries import AsideEntry, AssistantEntry, ErrorEntry, PersonEntry
from xerus.assistant.rendering import html_of
from xerus.assistant.searching import Found, Hit, Piece, Spot

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


def branched(world: World) -> None:
    """A branch that has a branch of its own, with an attempt before the last one."""
    many(world)
    earlier = (
        PersonEntry(text="Which of them are urgent?"),
        AssistantEntry(author="Demo model", html=html_of("I do not know.")),
    )
    world.assistant.entries["branch"] = [
        PersonEntry(text="Which bugs are open in ENG?", turn=0),
        AssistantEntry(author="Demo model", html=html_of("ENG-7 and ENG-12 are.")),
        AsideEntry(entries=earlier),
        PersonEntry(text="Which of them are urgent?", turn=2),
        AssistantEntry(author="Demo model", html=html_of("ENG-7 is.")),
    ]
    world.conversations.add("branch", "Which of them are urgent?", origin_id="talk", origin_turn=0)
    world.conversations.add(uuid(99), "Who works on ENG-7?", origin_id="branch", origin_turn=2)


def orphaned(world: World) -> None:
    """A branch of something that was deleted."""
    branched(world)
    world.conversations.add("branch", "Which of them are urgent?", origin_id=uuid(1234))


def failed(world: World) -> None:
    """An answer that did not come."""
    world.assistant.entries["talk"] = [
        PersonEntry(text="Which bugs are open in ENG?", turn=0),
        ErrorEntry(
            message="The model's provider is busy.",
            hint="Wait a minute. Nothing you wrote is lost. Choose Retry, or write something else.",
            correlation_id="4f9c21ab07de",
        ),
    ]


def found_much(world: World) -> None:
    """More finds than one search shows."""
    many(world)
    rows = [world.conversations.rows[one] for one in ("talk", uuid(0), uuid(4))]
    before, word, after = (
        Piece(text="…which of the ", matches=False),
        Piece(text="bugs", matches=True),
        Piece(text=" that <b>customers</b> see are open…", matches=False),
    )
    hits = [
        Hit(
            row=row,
            title=(Piece(text="Open ", matches=False), word) if not n else (before,),
            spots=(
                Spot(whose="You", turn=2, pieces=(before, word, after)),
                Spot(whose="Tool", turn=None, pieces=(word, after)),
            ),
        )
        for n, row in enumerate(rows)
    ]
    found = Found(hits=tuple(hits), searched=300, back_to=rows[-1], more=rows[-1].place)
    world.searching.found = found


def found_nothing(world: World) -> None:
    """Words that are nowhere."""
    few(world)
    row = world.conversations.rows["talk"]
    world.searching.found = Found(hits=(), searched=12, back_to=row, more=None, unreadable=1)


OF_CONVERSATIONS: Mapping[str, Shown] = {
    "chat-long-list": Shown(path="/chat/talk", arrange=many),
    "chat-branch": Shown(path="/chat/branch", arrange=branched),
    "chat-branch-orphaned": Shown(path="/chat/branch", arrange=orphaned),
    "chat-retry": Shown(path="/chat/talk", arrange=failed),
    "conversation-edit": Shown(path="/chat/branch/edit?turn=1", arrange=branched),
    "conversations-empty": Shown(path="/conversations"),
    "conversations": Shown(path="/conversations", arrange=many),
    "conversations-deleted": Shown(path="/conversations?done=deleted", arrange=few),
    "conversations-older": Shown(
        path=f"/conversations?before=20261101T000000.000000.{uuid(0)}", arrange=many
    ),
    "conversations-no-older": Shown(
        path=f"/conversations?before=20200101T000000.000000.{uuid(0)}", arrange=many
    ),
    "conversations-found": Shown(path="/conversations?q=bugs", arrange=found_much),
    "conversations-nothing-found": Shown(path="/conversations?q=penguin", arrange=found_nothing),
    "conversation-rename": Shown(path="/chat/talk/rename", arrange=few),
    "conversation-delete": Shown(path="/chat/talk/delete", arrange=few),
    "conversation-delete-waiting": Shown(path=f"/chat/{uuid(6)}/delete", arrange=many),
    "conversations-delete-all": Shown(path="/conversations/delete", arrange=many),
}
