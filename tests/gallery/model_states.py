"""The chat where there are several models."""

from collections.abc import Callable, Mapping

from tests.gallery.shown import Shown
from tests.unit.web.fakes import CONNECTED, World
from xerus.assistant.entries import AssistantEntry, PersonEntry
from xerus.assistant.rendering import html_of

_MODELS = ("anthropic:claude-sonnet-4-5", "openai:gpt-5-mini", "compatible:qwen3:8b")
_TALK = (
    PersonEntry(text="find open bugs in ENG", turn=0),
    AssistantEntry(author="gpt-5-mini", html=html_of("ENG-7 and ENG-12 are.")),
)


def _several(chosen: str = "", *entries: object) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        world.connections.shown = CONNECTED
        world.assistant.is_demo = False
        world.assistant.models = _MODELS
        if entries:
            world.assistant.entries["talk"] = list(entries)
            world.conversations.add("talk", "Open bugs", model=chosen)

    return arrange


MODEL_STATES: Mapping[str, Shown] = {
    "chat-new-models": Shown(path="/", arrange=_several()),
    "chat-model-chosen": Shown(path="/chat/talk", arrange=_several(_MODELS[1], *_TALK)),
    "chat-model-gone": Shown(path="/chat/talk", arrange=_several("openai:gpt-3.5", *_TALK)),
}
