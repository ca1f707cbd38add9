"""The models that a conversation can be answered by, named as the settings name them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic_ai.messages import ModelMessage, ModelResponse, ThinkingPart
from pydantic_ai.models import Model

from xerus.assistant import demo
from xerus.assistant.turns import Turn
from xerus.errors import InvalidInput

_WINDOWS = {"anthropic": 200_000}
_WINDOW = 128_000


class Models:
    """The models of the settings, the default first; the demo model alone has the name ''."""

    def __init__(
        self, models: Mapping[str, Model], windows: Mapping[str, int] | None = None
    ) -> None:
        """Make it; there is at least one. `windows` are the tokens that one can read and write."""
        self._models = dict(models)
        self._windows = windows or {}

    @property
    def names(self) -> Sequence[str]:
        """What a person may choose from, the default first."""
        return tuple(self._models)

    @property
    def default(self) -> str:
        """What answers where nobody has chosen."""
        return self.names[0]

    def is_demo(self, name: str) -> bool:
        """Whether one of `names` is the demo model, which is no AI."""
        return self._models[name].model_name == demo.NAME

    def checked(self, name: str) -> str:
        """Return what a person has chosen, '' where they have not.

        Raises:
            InvalidInput: it is none of these models.
        """
        if name and name not in self._models:
            raise InvalidInput(
                "This model is not configured here, or is no more.",
                hint="Reload the page, choose one of those it shows, then send your message again.",
            )
        return name

    def answering(self, chosen: str) -> str:
        """Return the model that answers for the one that a conversation names."""
        return chosen if chosen in self._models else self.default

    def model(self, name: str) -> Model:
        """Return one of `names`."""
        return self._models[name]

    def window(self, name: str) -> int:
        """Return the tokens that one of `names` can read and write at once; 0 for the demo model.

        As the settings say, else as the library knows the model, else what is usual.
        """
        if self.is_demo(name):
            return 0
        model = self._models[name]
        known = self._windows.get(name) or model.context_window
        return known or _WINDOWS.get(model.system, _WINDOW)


def readable_for(model: str, turns: Sequence[Turn]) -> list[Turn]:
    """Return turns without what other models thought.

    Thoughts are sealed by their own provider; to any other the library hands them on as words of
    the person.
    """
    return [turn if turn.model in {"", model} else _without_thoughts(turn) for turn in turns]


def _without_thoughts(turn: Turn) -> Turn:
    messages: list[ModelMessage] = []
    for message in turn.messages:
        if isinstance(message, ModelResponse):
            kept = [part for part in message.parts if not isinstance(part, ThinkingPart)]
            if kept:
                messages.append(replace(message, parts=kept))
        else:
            messages.append(message)
    return replace(turn, messages=messages)
