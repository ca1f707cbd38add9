"""Much of it: long answers, long names, other scripts, many entries."""

from collections.abc import Mapping

from tests.gallery.shown import Shown
from tests.unit.web.fakes import ADA, CONNECTED, NOW, World
from xerus.assistant.entries import AsideEntry, AssistantEntry, Entry, PersonEntry, ToolEntry
from xerus.assistant.rendering import html_of
from xerus.audit.events import Event
from xerus.audit.log import AuditRow

_GERMAN = (
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenverordnung: "
    "Zuständigkeitsübertragungsbeschleunigungsverfahren für die Rechtsabteilung prüfen"
)
_JAPANESE = "本番環境の認証サービスで断続的に発生するタイムアウトの原因調査と再発防止策の検討について、担当者を決めてください"
_HEBREW = "מה המצב של הפרויקט ENG-12, ומי מטפל בבאגים הפתוחים לפני השחרור הבא של הגרסה?"
_ADDRESS = "https://acme.example.com/wiki/spaces/DOCS/pages/98311/" + "Release-checklist-" * 6

_ANSWER = f"""## What is open in ENG

There are **three** open bugs; the oldest waits for 41 days. See [the board]({_ADDRESS}).

| Key | Summary | Status | Priority | Assignee | Updated | Versions |
| --- | --- | --- | --- | --- | --- | --- |
| ENG-7 | Login button ignores Enter in the form of a person who has a password manager | Open | High | Grace Hopper | 2026-11-20 | 4.1, 4.2 |
| ENG-12 | Slow search | In progress | Medium | Alan Turing | 2026-11-19 | 4.1 |
| ENG-104 | {_GERMAN} | Open | Low | nobody | 2026-10-12 | 4.2 |

### How to see it

1. Open the page that holds `{_ADDRESS}`.
2. Run the script:

   ```python
   def renewed(connection: Connection, *, now: datetime, leeway: timedelta = FIVE_MINUTES) -> bool:
       return connection.access_expires_at - leeway > now
   ```

   It prints a line for each connection.
3. Compare:
   - the first column with the key,
   - the second with the state.

> [!WARNING]
> The table of yesterday is not complete.

> Grace wrote: the search was fast before 4.1.

---

#### Open questions

Who decides about ENG-104? {_JAPANESE}
"""


def _of_length(world: World) -> None:
    world.connections.shown = CONNECTED
    world.assistant.entries["talk"] = [
        PersonEntry(text="What is open in ENG, and how do I see it?", turn=0),
        AssistantEntry(author="some-model", html=html_of(_ANSWER)),
    ]
    world.conversations.add("talk", "What is open in ENG, and how do I see it?")


def _call(n: int) -> ToolEntry:
    return ToolEntry(
        name="jira_get_issue",
        title=f"Get issue ENG-{n}",
        arguments="{}",
        result="Open",
        state="ok",
        seconds=0.2,
    )


def _many_aside(world: World) -> None:
    """An attempt of 50 entries before the answer."""
    world.connections.shown = CONNECTED
    said = AssistantEntry(author="Demo model", html=html_of("ENG-7 and ENG-12 are."))
    aside: tuple[Entry, ...] = (*map(_call, range(1, 50)), said)
    world.assistant.entries["talk"] = [
        PersonEntry(text="Which bugs are open in ENG?", turn=0),
        AsideEntry(entries=aside),
        said,
    ]
    world.conversations.add("talk", "Which bugs are open in ENG?")


def _of_the_world(world: World) -> None:
    """Names and texts of other languages, and words that are longer than a phone is wide."""
    world.connections.shown = CONNECTED
    for n, words in enumerate((_GERMAN, _JAPANESE, _HEBREW, _ADDRESS)):
        world.conversations.add(f"00000000-0000-4000-8000-{n:012}", words)
    world.conversations.add("talk", _GERMAN)
    world.assistant.entries["talk"] = [
        PersonEntry(text=f"{_GERMAN}\n{_JAPANESE}\n{_HEBREW}\n{_ADDRESS}", turn=0),
        _call(12),
        AssistantEntry(author="some-model", html=html_of(f"{_HEBREW}\n\n{_JAPANESE}\n\n{_GERMAN}")),
    ]


def _long_names(world: World) -> None:
    """Clients that gave themselves names without measure."""
    for n, name in enumerate((_GERMAN, _JAPANESE, _HEBREW)):
        world.grants.add(f"f{n}", ADA, name[:100], "http://127.0.0.1/callback")


def _long_events(world: World) -> None:
    world.audit.rows = [
        AuditRow(at=NOW, event=Event.CALL_FINISHED, facts={"tool": "jira_search", "client_name": n})
        for n in (_GERMAN, _JAPANESE, _HEBREW)
    ]


LONG_STATES: Mapping[str, Shown] = {
    "chat-long-answer": Shown(path="/chat/talk", arrange=_of_length),
    "chat-many-aside": Shown(path="/chat/talk", arrange=_many_aside),
    "chat-languages": Shown(path="/chat/talk", arrange=_of_the_world),
    "conversations-languages": Shown(path="/conversations", arrange=_of_the_world),
    "access-long-names": Shown(path="/access", arrange=_long_names),
    "activity-long-names": Shown(path="/activity", arrange=_long_events),
}
