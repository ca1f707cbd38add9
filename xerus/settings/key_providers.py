"""The names that `XERUS_KEY_PROVIDER` takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from xerus.settings.problems import Problem

Kind = Literal["file", "vault-transit"]

_FORMS: Mapping[Kind, tuple[str, re.Pattern[str]]] = {
    "vault-transit": (
        "vault-transit:MOUNT/KEY",
        re.compile(r"(?!(?:.*/)?\.\.?/)(?P<mount>[\w.-]+(?:/[\w.-]+)*)/(?P<key>[\w.-]+)", re.ASCII),
    ),
}


@dataclass(frozen=True)
class ProviderName:
    """A key provider and its key; `parts` are the pieces of the name.

    It is no secret, and reads as it was given.
    """

    kind: Kind = "file"
    key: str = ""
    parts: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind


def named(value: object) -> object:
    """Read the name of a key provider.

    Raises:
        ValueError: it names none; says which forms there are.
    """
    if not isinstance(value, str):
        return value
    if value == "file":
        return ProviderName()
    kind, _, key = value.partition(":")
    if kind not in _FORMS:
        forms = ", ".join(f"`{form}`" for form, _ in _FORMS.values())
        raise ValueError(f"must be `file` or a key in a key management service: {forms}")
    [known] = [one for one in get_args(Kind) if one == kind]
    form, pattern = _FORMS[known]
    found = pattern.fullmatch(key)
    if not found:
        raise ValueError(f"must have the form `{form}`")
    parts = {name: part or "" for name, part in found.groupdict().items()}
    return ProviderName(kind=known, key=key, parts=parts)


def needed(kind: Kind) -> tuple[tuple[str, ...], ...]:
    """Return the settings that a provider needs; one name of each tuple is enough."""
    return _NEEDED[kind]


def lacking(kind: Kind, given: Mapping[str, object]) -> list[Problem]:
    """Return what a provider needs and `given` lacks, by the names of the settings."""
    problems = []
    for names in needed(kind):
        if not any(given.get(name) for name in names):
            told = " or ".join(names)
            problems.append(
                Problem(
                    variable=names[0],
                    message=f"is missing, but the key provider `{kind}` needs it",
                    remedy=f"Set {told}, or use another key provider.",
                )
            )
    return problems


_NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "file": (),
    "vault-transit": (("VAULT_ADDR",), ("VAULT_TOKEN",)),
}
