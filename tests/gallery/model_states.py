"""The chat where there are several models."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from tests.gallery.shown import Shown
from tests.unit.web.fakes import ADA, CONNECTED, GRACE, World
from xerus.assistant.allowance import Today
from xerus.assistant.entries import AssistantEntry, PersonEntry, UsageEntry
from xerus.assistant.model_use import ModelsBy, ModelUsed
from xerus.assistant.rendering import html_of

_MODELS = ("anthropic:claude-sonnet-5-5", "openai:gpt-5.4-mini", "compatible:qwen3:8b")
_TALK = (
    PersonEntry(text="find open bugs in ENG", turn=0),
    AssistantEntry(author="gpt-5.4-mini", html=html_of("ENG-7 and ENG-12 are.")),
)


_USED = UsageEntry(
    models=(_MODELS[1],),
    words="At least 12,408 tokens in, 9,984 of them cached · 1,216 out · 14.2 s · at least $0.0061",
    requests=3,
    tokens_in=12_408,
    cached=9_984,
    tokens_out=1_216,
    seconds=14.2,
    cost="0.0061",
)


def _used_up(world: World) -> None:
    _several(_MODELS[1], *_TALK, _USED)(world)
    world.assistant.total = "240,117 tokens in, 180,002 of them cached · 9,883 out · 74.0 s · $0.18"
    world.assistant.tokens_today = Today(used=250_000, limit=250_000)


_MOST: Mapping[ModelsBy, list[tuple[str, str]]] = {
    ModelsBy.MODEL: [(_MODELS[0], ""), (_MODELS[2], ""), ("", "")],
    ModelsBy.PERSON: [(ADA, "Ada Lovelace · ada@example.com"), (GRACE, "Grace · g@example.com")],
}


def _spent(world: World) -> None:
    for by, rows in _MOST.items():
        world.admin.model_use.rows[by] = [
            ModelUsed(
                key=key,
                name=name,
                messages=1_204 // n,
                requests=4_117 // n,
                untold=n - 1,
                tokens_in=48_220_391 // n,
                cached=30_112_004 // n,
                tokens_out=1_902_118 // n,
                cost=Decimal("212.4") / n,
                unpriced=(n - 1) * 5_000,
            )
            for n, (key, name) in enumerate(rows, 1)
        ]


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
    "chat-tokens-used-up": Shown(path="/chat/talk", arrange=_used_up),
    "admin-use-models": Shown(path="/admin/use", arrange=_spent),
    "chat-model-gone": Shown(path="/chat/talk", arrange=_several("openai:gpt-3.5", *_TALK)),
}
