"""The models in the chat's composer, and what is said of one that is no more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A model to choose; `label` is its name without the provider, where that is enough."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ChatModels:
    """What a conversation can be answered by.

    Attributes:
        choices: the default first; none where there is nothing to choose.
        gone: the model that was chosen, where it is not configured any more.
        instead: what answers in its place.
    """

    choices: Sequence[Choice] = ()
    gone: str = ""
    instead: str = ""


def models_of(names: Sequence[str], chosen: str) -> ChatModels:
    """Return them for a conversation for which `chosen` was; '' where nothing was."""
    gone = chosen if chosen and chosen not in names else ""
    answering = names[0] if gone or not chosen else chosen
    short = Counter(map(_short, names))
    choices = [
        Choice(
            name=name,
            label=_short(name) if short[_short(name)] == 1 else name,
            chosen=name == answering,
        )
        for name in names
    ]
    return ChatModels(
        choices=choices if len(choices) > 1 else (),
        gone=gone,
        instead=(answering or "the demo model") if gone else "",
    )


def _short(name: str) -> str:
    return name.partition(":")[2] or name
