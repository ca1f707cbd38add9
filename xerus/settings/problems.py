"""What can be wrong with the settings, in a form that helps."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with the settings: the variable, what is wrong, and the remedy."""

    variable: str
    message: str
    remedy: str


class SettingsError(Exception):
    """The settings do not allow a start; `problems` names all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.variable}: {p.message}" for p in problems))
        self.problems = problems
