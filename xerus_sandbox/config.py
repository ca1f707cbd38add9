"""The settings of one sandbox port that callers may change while it runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["seconds", "number", "switch", "text", "list", "version"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One changeable setting: its name, what it takes, and its seed value."""

    name: str
    kind: Kind
    default: Any
    nullable: bool = False

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with a value, or None."""
        if value is None:
            return None if self.nullable else f"{self.name} must not be null"
        if _FITS[self.kind](value):
            return None
        return f"{self.name} must be {_MEANING[self.kind]}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_FITS: dict[Kind, Callable[[Any], bool]] = {
    "seconds": _is_number,
    "number": _is_number,
    "switch": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "list": lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
    "version": lambda value: value in (1, 2) and not isinstance(value, bool),
}
_MEANING = {
    "seconds": "a number of seconds, 0 or more",
    "number": "a number, 0 or more",
    "switch": "true or false",
    "text": "a string",
    "list": "a list of strings",
    "version": "1 or 2",
}

SHARED_SETTINGS = (
    Setting(name="latency_ms", kind="number", default=0),
    Setting(name="coop_header", kind="text", default=None, nullable=True),
    Setting(name="verify_pkce", kind="switch", default=True),
    Setting(name="redirect_uris", kind="list", default=[]),
    Setting(name="granted_scopes", kind="list", default=None, nullable=True),
    Setting(name="access_token_seconds", kind="seconds", default=3600),
    Setting(name="code_seconds", kind="seconds", default=600),
)


class ConfigError(ValueError):
    """A change that cannot be made; the message says why and what is known."""


class Config:
    """Current values; a change is made whole or not at all."""

    def __init__(self, settings: Iterable[Setting]) -> None:
        self._settings = {setting.name: setting for setting in settings}
        self.values: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to the seed values."""
        self.values = {name: setting.default for name, setting in self._settings.items()}

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def patch(self, changes: Any) -> None:
        """Apply changes.

        Raises:
            ConfigError: not an object, an unknown name, or a value of the wrong type.
        """
        if not isinstance(changes, dict):
            raise ConfigError("Send a JSON object of settings")
        problems = [self._problem(name, value) for name, value in changes.items()]
        found = [problem for problem in problems if problem]
        if found:
            raise ConfigError("; ".join(found))
        self.values.update(changes)

    def _problem(self, name: str, value: Any) -> str | None:
        setting = self._settings.get(name)
        if setting is None:
            return f"{name} is no setting here"
        return setting.problem(value)

    @property
    def known(self) -> list[str]:
        """The names that can be changed."""
        return sorted(self._settings)

    def restore(self, values: dict[str, Any]) -> None:
        """Take saved values, leaving out names that no longer exist."""
        self.values.update({k: v for k, v in values.items() if k in self._settings})
