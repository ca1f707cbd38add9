"""What the settings say about the chat's models: which there are, and what each lacks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from xerus.settings.problems import Problem

Provider: TypeAlias = Literal["anthropic", "openai", "compatible"]

_LEAST_WINDOW = 4_096
"""Tools and instructions alone take more than any less."""
FORMS = "anthropic:NAME, openai:NAME or compatible:NAME"
_KEYS: Mapping[Provider, tuple[str, str]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "an anthropic"),
    "openai": ("OPENAI_API_KEY", "an openai"),
    "compatible": ("XERUS_MODEL_URL", "a compatible"),
}
"""The setting that a provider cannot do without, and how a model of it is called."""


def named(model: str) -> tuple[Provider, str] | None:
    """Split `PROVIDER:NAME`; None where it names no provider that Xerus knows, or no model."""
    provider, _, name = model.partition(":")
    for known in get_args(Provider):
        if known == provider and name:
            return known, name
    return None


def chosen(model: str | None, models: Sequence[str]) -> tuple[str, ...]:
    """Return the models to choose from, the default first; none: the demo model answers."""
    return tuple(dict.fromkeys((*([model] if model else []), *models)))


def windows(given: Sequence[str]) -> dict[str, int]:
    """Return the tokens of each model in `NAME=TOKENS`.

    Raises:
        ValueError: one is not of this form.
    """
    found = {}
    for one in given:
        name, _, tokens = one.rpartition("=")
        if named(name) is None or not tokens.isdecimal() or int(tokens) < _LEAST_WINDOW:
            raise ValueError(one)
        found[name] = int(tokens)
    return found


def needed(provider: Provider) -> str:
    """Return the setting that a provider cannot do without."""
    return _KEYS[provider][0]


def problems(
    model: str | None, models: Sequence[str], given: Mapping[str, object]
) -> Iterator[Problem]:
    """Yield what is wrong or missing, for each model; `given` has what `needed` names."""
    for setting, names in (("XERUS_MODEL", [model] if model else []), ("XERUS_MODELS", models)):
        for one in names:
            found = named(one)
            if found is None:
                yield Problem(
                    variable=setting,
                    message="does not name a provider and a model",
                    remedy=f"Use {FORMS}, or unset it for the demo model.",
                )
            elif not given[needed(found[0])]:
                yield _lacking(setting, one, found[0])


def _lacking(setting: str, model: str, provider: Provider) -> Problem:
    variable, kind = _KEYS[provider]
    why = f"XERUS_MODEL asks for {kind} model"
    unset = "unset XERUS_MODEL for the demo model"
    if setting == "XERUS_MODELS":
        why, unset = f"XERUS_MODELS lists {model}", "take that model out of XERUS_MODELS"
    return Problem(
        variable=variable, message=f"is missing, but {why}", remedy=f"Set {variable}, or {unset}."
    )


def plain_http(address: str | None, loopback: frozenset[str]) -> bool:
    """Whether an address would carry keys and conversations over a network unencrypted."""
    parts = urlsplit(address or "")
    return parts.scheme == "http" and parts.hostname not in loopback
